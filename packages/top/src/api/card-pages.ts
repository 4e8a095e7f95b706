/** The cards of an order, one page at a time or page after page. */
import { type ApiAnswerOf, type ApiRequestOf, type CardMakingInfo, cardMakingInfo } from '../family/api.ts';
import { decodeJson } from '../schema/decode.ts';
import { TopError, type TopFailure } from './errors.ts';

export interface CardPage {
  readonly currentPage: number;
  readonly cards: readonly CardMakingInfo[];
}
export interface CardPageRequest {
  readonly card_order_id: bigint;
  readonly page_size: number;
  /** From 1. */
  readonly current_page: number;
}
export interface CardPagesRequest {
  readonly card_order_id: bigint;
  /** At most 500, which is the default. */
  readonly page_size?: number;
  /** Default 1; a later one resumes a listing. */
  readonly from_page?: number;
}
export interface CardsByNumberRequest {
  /** 1 to 500. */
  readonly card_nos: readonly string[];
  /** RSA-2048 over `pageSize==currentPage==cardNo1=cardNo2…`; key, padding and encoding are the platform's matter. */
  readonly signture: string;
}

const infoQuery = 'alibaba.fundplatform.cardorders.info.query';
const byCardNo = 'alibaba.fundplatform.cardorders.info.query.by.cardno';
export type CardQuery = typeof infoQuery | typeof byCardNo;

/** A call of one of the two queries, with what its answer is to be read by. */
export interface CardQueryCall<M extends CardQuery> {
  readonly method: M;
  readonly params: ApiRequestOf<M>;
  readonly maxCards: number;
}

export const maxPageSize = 500;
const defaultMaxPages = 20_000;

/** The call for one page. Throws TopError `invalid-request` for a size or number that the platform refuses. */
export function cardPageCall(request: CardPageRequest): CardQueryCall<typeof infoQuery> {
  const pageSize = whole('page_size', request.page_size, maxPageSize);
  const parameters = {
    page_size: BigInt(pageSize),
    current_page: BigInt(whole('current_page', request.current_page, Number.MAX_SAFE_INTEGER)),
    // Deprecated by the platform, and still required.
    signture: 'test',
    card_order_id: request.card_order_id,
  };
  return { method: infoQuery, params: { parameters }, maxCards: pageSize };
}

/** The call for cards by their numbers, all on one page. */
export function cardsByNumberCall(request: CardsByNumberRequest): CardQueryCall<typeof byCardNo> {
  const pageSize = request.card_nos.length;
  const parameters = { ...request, page_size: BigInt(pageSize), current_page: 1n };
  return { method: byCardNo, params: { parameters }, maxCards: pageSize };
}

/** The text that `signture` of a query by card numbers is made over. */
export const cardNumbersToSign = (cardNos: readonly string[]): string =>
  `${cardNos.length}==1==${cardNos.join('=')}`;

/** The cards of an answer. Throws TopError: `refused`, or `malformed-answer` that names the place and no card. */
export function readCards(call: CardQueryCall<CardQuery>, answer: ApiAnswerOf<CardQuery>): CardMakingInfo[] {
  const { success, card_making_infos: texts = [] } = answer.result;
  if (!success) throw fail(call.method, { kind: 'refused', detail: 'success is false' });
  if (texts.length > call.maxCards) {
    const issue = issueAt('', `at most ${call.maxCards} entries`, `${texts.length} entries`);
    throw fail(call.method, { kind: 'malformed-answer', issue });
  }
  return texts.map((text, index) => {
    const decoded = decodeJson(cardMakingInfo, text);
    if (decoded.ok) return decoded.value;
    const { path, expected, found } = decoded.issue;
    const issue = issueAt(`[${index}]${path === '' ? '' : `.${path}`}`, expected, found);
    throw fail(call.method, { kind: 'malformed-answer', issue });
  });
}

type ReadPage = (request: CardPageRequest) => Promise<readonly CardMakingInfo[]>;

/** Asks for page after page until one is short or empty; the platform gives no total. */
export async function* readCardPages(
  readPage: ReadPage,
  request: CardPagesRequest,
  maxPages = defaultMaxPages,
): AsyncGenerator<CardPage, void, void> {
  const pageSize = whole('page_size', request.page_size ?? maxPageSize, maxPageSize);
  const fromPage = whole('from_page', request.from_page ?? 1, Number.MAX_SAFE_INTEGER);
  const pages = whole('maxPages', maxPages, Number.MAX_SAFE_INTEGER);
  for (let currentPage = fromPage; currentPage - fromPage < pages; currentPage++) {
    const { card_order_id } = request;
    const cards = await readPage({ card_order_id, page_size: pageSize, current_page: currentPage });
    if (cards.length > 0) yield { currentPage, cards };
    if (cards.length < pageSize) return;
  }
  throw fail(infoQuery, { kind: 'too-many-pages', detail: `the listing goes on after ${pages} pages` });
}

function whole(name: string, value: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  const issue = { path: name, expected: `a whole number from 1 to ${max}`, found: 'another' };
  throw fail(infoQuery, { kind: 'invalid-request', issue });
}

const issueAt = (path: string, expected: string, found: string) => ({
  path: `result.card_making_infos${path}`,
  expected,
  found,
});

/** A listing changes nothing, whatever becomes of it. */
function fail(method: CardQuery, failure: Omit<TopFailure, 'effect'>): TopError {
  return new TopError(method, { ...failure, effect: 'none' });
}
