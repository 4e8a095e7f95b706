import { randomUUID } from 'node:crypto';
import type { SpiMethod, SpiRequestOf } from '@cardwright/top';
import type { CallStyle, MakerReply } from './maker-link.ts';
import type { ServedAnswerOf, ServedMethod, ServedRequestOf } from './served.ts';

/** A call that ended: `in` to the gateway, `out` to the card maker or the business party. */
export interface CallEntry {
  readonly direction: 'in' | 'out';
  readonly method: string;
  readonly cardOrderId?: bigint;
  /** Whether the answer said success. */
  readonly ok: boolean;
  /** What was asked and what came of it, in a few words without secrets and receivers. */
  readonly outcome: string;
  readonly elapsedMs: number;
  /** The fault that struck. */
  readonly fault?: string;
}
/** `seq` counts from 1 without gaps; `at` is ISO 8601. */
export interface LoggedCall extends CallEntry {
  readonly seq: number;
  readonly at: string;
}

/** All calls of a sandbox: each is a line of the log, and the last ones are kept. */
export interface CallLog {
  note(call: CallEntry): void;
  /** The kept calls after `seq`, oldest first, and the number to ask from the next time. `run` is another after a restart. */
  since(seq: number): { readonly run: string; readonly calls: readonly LoggedCall[]; readonly next: number };
}

const keptCalls = 1_000;

export function createCallLog(clock: () => Date, log: (line: string) => void): CallLog {
  const kept: LoggedCall[] = [];
  const run = randomUUID();
  let last = 0;
  return {
    note(call) {
      const { direction, method, outcome, elapsedMs, fault } = call;
      const struck = fault === undefined ? '' : `, fault ${fault}`;
      log(`${direction === 'in' ? '←' : '→'} ${method} ${outcome}${struck}, ${elapsedMs} ms`);
      kept[last % keptCalls] = { ...call, seq: ++last, at: clock().toISOString() };
    },
    since(seq) {
      const from = Math.max(seq, last - keptCalls, 0);
      const calls = Array.from({ length: Math.max(last - from, 0) }, (_, n) => kept[(from + n) % keptCalls]!);
      return { run, calls, next: last };
    },
  };
}

/** Keeps the first character of a personal datum: 张三 → 张*. Enough to recognise, too little to tell. */
export function masked(text: string): string {
  const [first = '', ...rest] = text;
  return first + '*'.repeat(Math.min(rest.length, 3));
}

/** What a call to the maker asked for and got. Receivers are masked; the secret and the signature are not mentioned. */
export function describeSpiCall(
  params: SpiRequestOf<SpiMethod>,
  style: CallStyle,
  reply: MakerReply<SpiMethod>,
): string {
  const dress = `${style.body} ${style.charset}${style.format === undefined ? '' : ` → ${style.format}`}`;
  return `${describeParams(params)} (${dress}): ${describeReply(reply)}`;
}

/** The order that a call to the maker is about. */
export function orderOfSpiCall(params: SpiRequestOf<SpiMethod>): bigint | undefined {
  if ('request' in params) return params.request.card_order_id;
  return 'card_order_id' in params ? params.card_order_id : undefined;
}

export function succeeded(reply: MakerReply<SpiMethod>): boolean {
  if (reply.outcome !== 'answered') return false;
  return 'response' in reply.answer ? reply.answer.response.success : reply.answer.success;
}

function describeParams(params: SpiRequestOf<SpiMethod>): string {
  if ('request' in params) return `order=${params.request.card_order_id}`;
  if ('template_no' in params) return `template=${params.template_no}`;
  if (!('card_product_infos' in params)) return `order=${params.card_order_id}`;
  const cards = params.card_product_infos.reduce((sum, line) => sum + line.count, 0n);
  const receiver = params.logistics_info;
  const to = receiver === undefined ? 'none' : masked(receiver.receiver_name);
  return `order=${params.card_order_id} lines=${params.card_product_infos.length} cards=${cards} receiver=${to}`;
}

function describeReply(reply: MakerReply<SpiMethod>): string {
  if (reply.outcome !== 'answered') return `${reply.outcome} (${reply.detail})`;
  const answer = 'response' in reply.answer ? reply.answer.response : reply.answer;
  if (!answer.success) return `refused with ${JSON.stringify(answer.result_code)}`;
  if ('making_card_no' in answer) return `accepted as ${JSON.stringify(answer.making_card_no)}`;
  return 'status' in answer ? `status ${JSON.stringify(answer.status)}` : 'accepted';
}

/** What a call to the gateway asked for and got, without any card's content. */
export function describeApiCall(
  request: ServedRequestOf<ServedMethod>,
  answer: ServedAnswerOf<ServedMethod>,
): string {
  if ('ip_list' in answer) return 'ok';
  const { result } = answer;
  if ('result_code' in result)
    return `${describePurchase(request)}: ${result.success ? 'done' : `refused with ${result.result_code}`}`;
  if ('card_making_infos' in result) return describePage(request, result.card_making_infos?.length ?? 0);
  return 'card_order_id' in request ? `order=${request.card_order_id}: recorded` : 'recorded';
}

/** What page of cards was asked for, and how many came. */
export function describePage(request: ServedRequestOf<ServedMethod>, count: number): string {
  if (!('parameters' in request)) return `${count} cards`;
  const { parameters } = request;
  const page = `page=${parameters.current_page}×${parameters.page_size}`;
  const what =
    'card_order_id' in parameters
      ? `order=${parameters.card_order_id}`
      : `numbers=${parameters.card_nos.length}`;
  return `${what} ${page}: ${count} cards`;
}

function describePurchase(request: ServedRequestOf<ServedMethod>): string {
  if ('param_card_fetch_async_request' in request) {
    const { out_biz_id, card_fetch_details } = request.param_card_fetch_async_request;
    const cards = card_fetch_details.reduce((sum, { num }) => sum + num, 0n);
    return `biz=${JSON.stringify(out_biz_id)} lines=${card_fetch_details.length} cards=${cards}`;
  }
  if (!('param_card_active_request' in request)) return '';
  const { fetch_out_biz_id, card_nos } = request.param_card_active_request;
  return fetch_out_biz_id ? `biz=${JSON.stringify(fetch_out_biz_id)}` : `numbers=${card_nos?.length ?? 0}`;
}

/** The order that a call to the gateway names. */
export function orderOfApiCall(request: ServedRequestOf<ServedMethod>): bigint | undefined {
  if ('card_order_id' in request) return request.card_order_id;
  if (!('parameters' in request) || !('card_order_id' in request.parameters)) return undefined;
  return request.parameters.card_order_id;
}
