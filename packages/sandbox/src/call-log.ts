import type { ApiAnswerOf, ApiMethod, ApiRequestOf, SpiMethod, SpiRequestOf } from '@cardwright/top';
import type { CallStyle, MakerReply } from './maker-link.ts';

/** Keeps the first character of a personal datum: 张三 → 张*. Enough to recognise, too little to tell. */
export function masked(text: string): string {
  const [first = '', ...rest] = text;
  return first + '*'.repeat(Math.min(rest.length, 3));
}

/** One line for one call to the maker. Receivers are masked; the secret and the signature are not mentioned. */
export function describeSpiCall(
  method: SpiMethod,
  params: SpiRequestOf<SpiMethod>,
  style: CallStyle,
  reply: MakerReply<SpiMethod>,
): string {
  const dress = `${style.body} ${style.charset}${style.format === undefined ? '' : ` → ${style.format}`}`;
  return `→ ${method} ${describeParams(params)} (${dress}): ${describeReply(reply)}, ${reply.elapsedMs} ms`;
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
export function describeApiCall(request: ApiRequestOf<ApiMethod>, answer: ApiAnswerOf<ApiMethod>): string {
  if ('ip_list' in answer) return 'ok';
  const { result } = answer;
  const cards = 'card_making_infos' in result ? `${result.card_making_infos?.length ?? 0} cards` : 'recorded';
  if (!('parameters' in request))
    return 'card_order_id' in request ? `order=${request.card_order_id}: ${cards}` : cards;
  const { parameters } = request;
  const page = `page=${parameters.current_page}×${parameters.page_size}`;
  const what =
    'card_order_id' in parameters
      ? `order=${parameters.card_order_id}`
      : `numbers=${parameters.card_nos.length}`;
  return `${what} ${page}: ${cards}`;
}
