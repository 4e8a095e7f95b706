import { type Decoded, decodeJson, type Infer, type StructSchema } from '@cardwright/top';
import type { Declined } from './platform.ts';

/** An answer of the control interface. */
export interface ControlAnswer {
  readonly httpStatus: number;
  /** Written as JSON; every bigint as text. */
  readonly body: unknown;
}

export const notFound: ControlAnswer = { httpStatus: 404, body: { ok: false, problem: 'not found' } };

export function ok(body: object): ControlAnswer {
  return { httpStatus: 200, body: { ok: true, ...body } };
}

export function declined({ problem }: Declined): ControlAnswer {
  return { httpStatus: 409, body: { ok: false, problem } };
}

/** Does the work with the decoded body, an empty one standing for `{}`; a wrong one is told what is wrong. */
export async function withBody<S extends StructSchema>(
  schema: S,
  body: string,
  work: (input: Infer<S>) => Promise<ControlAnswer>,
): Promise<ControlAnswer> {
  const decoded: Decoded<Infer<S>> = decodeJson(schema, body === '' ? '{}' : body);
  if (decoded.ok) return work(decoded.value);
  const { path, expected, found } = decoded.issue;
  const problem = `${path || 'the body'} should be ${expected}, found ${found}`;
  return { httpStatus: 400, body: { ok: false, problem } };
}

/** The id in a path; undefined if it is none. */
export function idOf(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[1-9][0-9]{0,18}$/.test(text) ? BigInt(text) : undefined;
}
