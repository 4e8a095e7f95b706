/** Paging over the cards of an order. */
import { type ApiAnswerOf, type ApiRequestOf, type CardMakingInfo, cardMakingInfo } from '../family/api.ts';
import { decodeJson } from '../schema/decode.ts';
import { TopError, type TopFailure } from './errors.ts';

export interface CardPage {
  readonly currentPage: number;
  readonly cards: readonly CardMakingInfo[];
}
export interface CardPagesRequest {
  readonly card_order_id: bigint;
  /** At most 500, which is the default. */
  readonly page_size?: number;
  /** Default 1; a later one resumes a listing. */
  readonly from_page?: number;
}

const infoQuery = 'alibaba.fundplatform.cardorders.info.query';
type InfoQuery = typeof infoQuery;
type ExecuteQuery = (method: InfoQuery, params: ApiRequestOf<InfoQuery>) => Promise<ApiAnswerOf<InfoQuery>>;

const maxPageSize = 500;
const defaultMaxPages = 20_000;

/** Asks for page after page until one is short or empty; the platform gives no total. */
export async function* readCardPages(
  execute: ExecuteQuery,
  request: CardPagesRequest,
  maxPages = defaultMaxPages,
): AsyncGenerator<CardPage, void, void> {
  const pageSize = whole('page_size', request.page_size ?? maxPageSize, maxPageSize);
  const fromPage = whole('from_page', request.from_page ?? 1, Number.MAX_SAFE_INTEGER);
  const pages = whole('maxPages', maxPages, Number.MAX_SAFE_INTEGER);
  for (let currentPage = fromPage; currentPage - fromPage < pages; currentPage++) {
    const parameters = {
      page_size: BigInt(pageSize),
      current_page: BigInt(currentPage),
      // Deprecated by the platform, and still required.
      signture: 'test',
      card_order_id: request.card_order_id,
    };
    const { result } = await execute(infoQuery, { parameters });
    if (!result.success) throw fail({ kind: 'refused', detail: `success is false on page ${currentPage}` });
    const texts = result.card_making_infos ?? [];
    if (texts.length > pageSize) {
      const expected = `at most ${pageSize} entries`;
      throw malformed('result.card_making_infos', expected, `${texts.length} entries`);
    }
    if (texts.length > 0) yield { currentPage, cards: texts.map(decodeCard) };
    if (texts.length < pageSize) return;
  }
  throw fail({ kind: 'too-many-pages', detail: `the listing goes on after ${pages} pages` });
}

function decodeCard(text: string, index: number): CardMakingInfo {
  const decoded = decodeJson(cardMakingInfo, text);
  if (decoded.ok) return decoded.value;
  const { path, expected, found } = decoded.issue;
  throw malformed(`result.card_making_infos[${index}]${path === '' ? '' : `.${path}`}`, expected, found);
}

function whole(name: string, value: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  const issue = { path: name, expected: `a whole number from 1 to ${max}`, found: 'another' };
  throw fail({ kind: 'invalid-request', issue });
}

function malformed(path: string, expected: string, found: string): TopError {
  return fail({ kind: 'malformed-answer', issue: { path, expected, found } });
}

/** A listing changes nothing, whatever becomes of it. */
function fail(failure: Omit<TopFailure, 'effect'>): TopError {
  return new TopError(infoQuery, { ...failure, effect: 'none' });
}
