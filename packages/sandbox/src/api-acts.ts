import type { ApiAnswerOf, ApiMethod, ApiRequestOf } from '@cardwright/top';
import type { CardMint } from './cards.ts';
import type { FinishOutcome, Ledger, ShipOutcome } from './ledger.ts';

/** The platform's own refusal of a call, for an `error_response`. Codes beyond the published ones are inferred. */
export interface ApiRefusal {
  readonly code: number;
  readonly msg: string;
  readonly subCode: string;
  readonly subMsg: string;
}
export type ApiOutcome<M extends ApiMethod> =
  | { readonly ok: true; readonly answer: ApiAnswerOf<M> }
  | { readonly ok: false; readonly refusal: ApiRefusal };

/** One handler for each interface that the platform serves to its card makers. */
export type ApiActs = { readonly [M in ApiMethod]: (request: ApiRequestOf<M>) => Promise<ApiOutcome<M>> };

export const maxPageSize = 500;

export function createApiActs(parts: { ledger: Ledger; mint: CardMint; clock: () => Date }): ApiActs {
  const { ledger, mint } = parts;
  const now = (): string => parts.clock().toISOString();

  return {
    'alibaba.fundplatform.cardorders.info.query': async ({ parameters }) => {
      const page = pageOf(parameters);
      if (page === undefined) return invalid('page_size', `page_size 应为 1 到 ${maxPageSize}`);
      const order = ledger.order(parameters.card_order_id);
      if (order === undefined) return unknownOrder;
      return cards(mint.cardTexts(order, page.from, page.size));
    },

    'alibaba.fundplatform.cardorders.info.query.by.cardno': async ({ parameters }) => {
      const page = pageOf(parameters);
      if (page === undefined) return invalid('page_size', `page_size 应为 1 到 ${maxPageSize}`);
      const found = parameters.card_nos.flatMap((cardNo) => cardByNumber(ledger, mint, cardNo) ?? []);
      return cards(found.slice(page.from, page.from + page.size));
    },

    'alibaba.fundplatform.cardorders.status.make.finish': async ({ card_order_id }) =>
      successOrRefusal(await ledger.finish(card_order_id, now())),

    'alibaba.fundplatform.cardorders.status.sended': async (request) =>
      successOrRefusal(
        await ledger.ship(request.card_order_id, {
          at: now(),
          logisticsOrderId: request.logistics_order_id,
          logisticsCompany: request.logistics_company,
        }),
      ),

    'taobao.top.ipout.get': async () => ({
      ok: true,
      // This sandbox calls from loopback; the others are the gateway's ranges of the published documents.
      answer: { ip_list: '127.0.0.1,::1,140.205.144.0/24,140.205.145.0/24' },
    }),
  };
}

function pageOf(parameters: {
  page_size: bigint;
  current_page: bigint;
}): { from: number; size: number } | undefined {
  if (parameters.page_size > BigInt(maxPageSize)) return undefined;
  const from = (parameters.current_page - 1n) * parameters.page_size;
  // Beyond every possible order the number may lose digits: the page is empty all the same.
  return { from: Number(from), size: Number(parameters.page_size) };
}

function cardByNumber(ledger: Ledger, mint: CardMint, cardNo: string): string | undefined {
  const place = mint.placeOf(cardNo);
  const order = place === undefined ? undefined : ledger.order(place.cardOrderId);
  return place === undefined || order === undefined ? undefined : mint.cardText(order, place);
}

function cards(texts: readonly string[]) {
  return { ok: true as const, answer: { result: { card_making_infos: texts, success: true } } };
}

function successOrRefusal(outcome: ShipOutcome | FinishOutcome) {
  switch (outcome) {
    case 'done':
    case 'repeated':
      return { ok: true as const, answer: { result: { success: true } } };
    case 'unknown-order':
      return unknownOrder;
    case 'not-finished':
      return refusal('isv.card-order-not-finished', '制卡单尚未制卡完成: call make.finish before sended');
    case 'other-shipment':
      return refusal('isv.card-order-already-sended', '制卡单已用其他运单发货: sended with another waybill');
  }
}

const unknownOrder = refusal('isv.card-order-not-exist', '制卡单不存在: no such card order');

function refusal(subCode: string, subMsg: string) {
  return { ok: false as const, refusal: { code: 15, msg: 'Remote service error', subCode, subMsg } };
}

function invalid(name: string, subMsg: string) {
  return {
    ok: false as const,
    refusal: { code: 41, msg: 'Invalid Arguments', subCode: `isv.invalid-parameter:${name}`, subMsg },
  };
}
