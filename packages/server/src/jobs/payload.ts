import { environments } from '@cardwright/top';
import type { OrderKey } from '../card-order/move.ts';
import { GiveUp } from '../work.ts';

/** The texts that a job must carry. @throws GiveUp where one is missing: no repeat would bring it. */
export function textsOf<const N extends string>(payload: unknown, names: readonly N[]): Record<N, string> {
  const given = (payload ?? {}) as Record<string, unknown>;
  const missing = names.find((name) => typeof given[name] !== 'string');
  if (missing !== undefined) throw new GiveUp(`the job says no ${missing}`);
  return given as Record<N, string>;
}

/** The order that a job is about. @throws GiveUp where it names none. */
export function orderKeyOf(payload: unknown): OrderKey {
  const texts = textsOf(payload, ['environment', 'cardOrderId']);
  const environment = environments.find((name) => name === texts.environment);
  if (environment === undefined || !/^\d{1,19}$/.test(texts.cardOrderId))
    throw new GiveUp('the job names no order');
  return { environment, cardOrderId: BigInt(texts.cardOrderId) };
}
