import { apiFamily, buyingApiFamily, type Infer } from '@cardwright/top';

/** Every interface that the platform's gateway serves: to card makers, and to the business party. */
export const servedFamily = { ...apiFamily, ...buyingApiFamily } as const;
export type ServedMethod = keyof typeof servedFamily;
export type ServedRequestOf<M extends ServedMethod> = Infer<(typeof servedFamily)[M]['request']>;
export type ServedAnswerOf<M extends ServedMethod> = Infer<(typeof servedFamily)[M]['answer']>;

export function isServedMethod(name: string): name is ServedMethod {
  return Object.hasOwn(servedFamily, name);
}
