import type { ApiMethod } from '@cardwright/top';
import type { CardList, CardMint } from './cards.ts';
import type { FinishOutcome, Ledger, ShipOutcome } from './ledger.ts';
import type { ServedAnswerOf, ServedMethod, ServedRequestOf } from './served.ts';

/** The platform's own refusal of a call, for an `error_response`. Codes beyond the published ones are inferred. */
export interface ApiRefusal {
  readonly code: number;
  readonly msg: string;
  readonly subCode: string;
  readonly subMsg: string;
}
export type ApiOutcome<M extends ServedMethod> =
  | { readonly ok: true; readonly answer: ServedAnswerOf<M> }
  | { readonly ok: false; readonly refusal: ApiRefusal };

/** One handler for each interface that the platform serves; `fault` names what strikes a call that is acted on. */
export type ApiActs = {
  readonly [M in ServedMethod]: (request: ServedRequestOf<M>, fault?: string) => Promise<ApiOutcome<M>>;
};

export const maxPageSize = 500;

/** What the platform does for its card makers; `finished` hears of every make.finish that is on record. */
export function createApiActs(parts: {
  ledger: Ledger;
  mint: CardMint;
  clock: () => Date;
  finished?: (cardOrderId: bigint) => void;
}): Pick<ApiActs, ApiMethod> {
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
      return cards(cardsByNumber(ledger, mint, parameters));
    },

    'alibaba.fundplatform.cardorders.status.make.finish': async ({ card_order_id }, fault) => {
      const outcome = await ledger.finish(card_order_id, now(), fault);
      if (outcome !== 'unknown-order') parts.finished?.(card_order_id);
      return successOrRefusal(outcome);
    },

    'alibaba.fundplatform.cardorders.status.sended': async (request, fault) => {
      const shipment = {
        at: now(),
        logisticsOrderId: request.logistics_order_id,
        logisticsCompany: request.logistics_company,
      };
      return successOrRefusal(await ledger.ship(request.card_order_id, shipment, fault));
    },

    'taobao.top.ipout.get': async () => ({
      ok: true,
      // This sandbox calls from loopback; the others are the gateway's ranges of the published documents.
      answer: { ip_list: '127.0.0.1,::1,140.205.144.0/24,140.205.145.0/24' },
    }),
  };
}

/** An honest page of a known order, as its bytes; undefined where the act itself has to answer. */
export function quickListing(
  { ledger, mint }: { ledger: Ledger; mint: CardMint },
  { parameters }: ServedRequestOf<'alibaba.fundplatform.cardorders.info.query'>,
): CardList | undefined {
  const page = pageOf(parameters);
  const order = ledger.order(parameters.card_order_id);
  return page === undefined || order === undefined ? undefined : mint.cardList(order, page.from, page.size);
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

/** The texts of the cards of one page of `card_nos`, as far as there are such cards. */
export function cardsByNumber(
  ledger: Ledger,
  mint: CardMint,
  parameters: ServedRequestOf<'alibaba.fundplatform.cardorders.info.query.by.cardno'>['parameters'],
): readonly string[] {
  const found = parameters.card_nos.flatMap((cardNo) => cardByNumber(ledger, mint, cardNo) ?? []);
  const page = pageOf(parameters);
  return page === undefined ? [] : found.slice(page.from, page.from + page.size);
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
