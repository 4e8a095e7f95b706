import { createHash } from 'node:crypto';
import type { BuyingApiAnswerOf, BuyingApiMethod } from '@cardwright/top';

/** Why the platform refuses the business party. The platform does not publish its names: these are the sandbox's. */
export const buyingRefusals = {
  OUT_BIZ_ID_CONFLICT: '幂等号已用于其他内容: this out_biz_id was used with other content',
  TEMPLATE_NOT_EXIST: '卡模板不存在: no such template',
  PRICE_NOT_MATCH: '售价与模板面额不符: the price is not the par value of the template',
  PARAM_ERROR: '参数错误: the parameters do not make sense',
  FETCH_ORDER_NOT_EXIST: '制卡单不存在: nothing was bought with this fetch_out_biz_id',
  CARD_NOT_EXIST: '储值卡不存在: no such card',
  CARD_NOT_DELIVERED: '制卡单尚未发货: the cards have not been shipped',
  CARD_STATUS_MIXED: '部分储值卡已激活: some of the cards are active, others are not',
} as const;
export type BuyingRefusal = keyof typeof buyingRefusals;

/** What came of a request of the business party; a refusal changes nothing. */
export type BuyingOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly refusal: BuyingRefusal; readonly detail?: string };

export const done: BuyingOutcome = { ok: true };

export function refused(refusal: BuyingRefusal, detail?: string): BuyingOutcome {
  return { ok: false, refusal, ...(detail === undefined ? {} : { detail }) };
}

/** A refusal in words, with its detail. */
export function refusalText({ refusal, detail }: { refusal: BuyingRefusal; detail?: string }): string {
  return `${buyingRefusals[refusal]}${detail === undefined ? '' : ` (${detail})`}`;
}

/** The outcome as the gateway answers it. */
export function answerOf(outcome: BuyingOutcome): {
  readonly ok: true;
  readonly answer: BuyingApiAnswerOf<BuyingApiMethod>;
} {
  const result = outcome.ok
    ? { success: true, result_code: '', result_message: '' }
    : { success: false, result_code: outcome.refusal, result_message: refusalText(outcome) };
  return { ok: true, answer: { result } };
}

/** Tells two requests with one idempotency key apart. */
export function digestOf(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
