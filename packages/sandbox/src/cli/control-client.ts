import type { CardView } from '../buying/card-view.ts';
import type { ReplyView } from '../control.ts';
import type { OrderView } from '../order-view.ts';
import type { TemplateRecord } from '../records.ts';
import type { FaultReading } from './fault-report.ts';

/** A value as it comes out of the control interface's JSON: 64-bit numbers are text. */
export type AsJson<T> = T extends bigint
  ? string
  : T extends readonly (infer I)[]
    ? readonly AsJson<I>[]
    : T extends object
      ? { readonly [K in keyof T]: AsJson<T[K]> }
      : T;

/** Everything that an answer of the control interface may carry. */
export interface ControlReading extends FaultReading {
  readonly ok: boolean;
  readonly problem?: string;
  readonly passed?: boolean;
  readonly order?: AsJson<OrderView>;
  readonly orders?: readonly AsJson<OrderView>[];
  readonly template?: AsJson<TemplateRecord>;
  readonly templates?: readonly AsJson<TemplateRecord>[];
  readonly cards?: readonly AsJson<CardView>[];
  readonly reply?: AsJson<ReplyView>;
}

/** No sandbox answered at the address. */
export class SandboxUnreachable extends Error {}

/** Calls a running sandbox's control interface; `path` follows `/control`. With `body`, it is a POST unless told. */
export async function callControl(
  url: string,
  path: string,
  body?: object,
  method = body === undefined ? 'GET' : 'POST',
): Promise<ControlReading> {
  const address = new URL(`/control${path}`, url);
  const request =
    body === undefined
      ? { method }
      : { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(address, request).catch((error: Error) => {
    const cause = error.cause instanceof Error ? error.cause.message : error.message;
    throw new SandboxUnreachable(`${address.origin}: ${cause}`);
  });
  const text = await response.text();
  try {
    return JSON.parse(text) as ControlReading;
  } catch {
    throw new SandboxUnreachable(`${address.origin}: HTTP ${response.status}, no sandbox answers there`);
  }
}
