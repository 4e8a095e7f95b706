import type { CardMakingInfo, Environment } from '@cardwright/top';
import type { PoolClient } from 'pg';
import { appendAudit } from '../audit/append.ts';
import { type Hold, type HoldCode, holdReasons } from '../card-order/hold.ts';
import { holdOrder, lockOrder, moveOrder, type OrderKey } from '../card-order/move.ts';
import { addJob, type NewJob } from '../db/add-job.ts';
import type { Platform } from '../platform/platform.ts';
import type { CardKey, CardVault } from '../vault/card-vault.ts';
import { GiveUp, TryLater, type Work } from '../work.ts';
import { findKnownCard, meansKnownCard } from './known-cards.ts';
import { findFault } from './page-check.ts';
import { pageSize, type SealedCardPage, storedPages, storePage } from './page-store.ts';
import { proveCards } from './proof.ts';
import type { TakeTurn, Turn } from './store-turns.ts';
import { watchCardsJob } from './watch.ts';

export interface FetchParts {
  readonly vault: CardVault;
  readonly platformOf: (environment: Environment) => Platform;
  /** Rejects or returns when the signal aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  /** The jobs that follow when the cards are proven. */
  readonly nextJobs: (order: OrderKey & { isTest: boolean }) => readonly NewJob[];
  /** Shared by all fetches of the process. */
  readonly takeTurn: TakeTurn;
  /** How many pages are asked for at once; default 4. */
  readonly pagesInFlight?: number;
}

/** One fetch under way. */
interface Fetch {
  readonly parts: FetchParts;
  readonly work: Work;
  readonly key: OrderKey;
  readonly platform: Platform;
  readonly cardKey: CardKey;
  readonly cardCount: number;
  readonly templateNos: ReadonlySet<string>;
  /** The cards of each page that is stored. */
  readonly stored: Map<number, number>;
}

/** How often a page is asked for before the job pauses; the pauses between are below this. */
const asksOfAPage = 4;
const shortPauseMs = 2_000;

/**
 * Fetches the cards of a planned order (根据制卡单分页查询卡信息), page by page, a few at once. Each page is checked, sealed and
 * stored in one transaction; a fetch that was cut off goes on at the pages that are missing. When the listing has ended
 * the cards are proven against the order: `cards_fetched`, or `held` with what was seen. Does nothing for an order that
 * is not `planned`.
 */
export async function fetchCards(parts: FetchParts, work: Work, key: OrderKey): Promise<void> {
  const fetch = await begin(parts, work, key);
  if (fetch === undefined) return;
  const hold = (await fetchListing(fetch)) ?? (await conclude(fetch));
  if (hold !== undefined) await holdFetch(work, key, hold);
}

async function begin(parts: FetchParts, work: Work, key: OrderKey): Promise<Fetch | undefined> {
  return work.transaction(async (client) => {
    const order = await lockOrder(client, key);
    if (order === undefined) throw new GiveUp(`no order ${key.environment} ${key.cardOrderId}`);
    if (order.state !== 'planned') return undefined;
    const stored = await storedPages(client, key);
    const cardKey = await parts.vault.cardKey(client, key);
    if (stored.size === 0 && work.attempt === 1)
      await appendAudit(client, [{ actor: 'fetcher', action: 'cards.fetch-started', ...key }]);
    return {
      parts,
      work,
      key,
      platform: parts.platformOf(key.environment),
      cardKey,
      cardCount: Number(order.cardCount),
      templateNos: new Set(order.lines.map((line) => line.templateNo)),
      stored,
    };
  });
}

/** All pages that the order should have, then on until an empty one. A hold stops it. */
async function fetchListing(fetch: Fetch): Promise<Hold | undefined> {
  const expectedPages = Math.ceil(fetch.cardCount / pageSize);
  const missing: number[] = [];
  for (let pageNo = 1; pageNo <= expectedPages; pageNo++) if (!fetch.stored.has(pageNo)) missing.push(pageNo);
  const hold = await fetchInLanes(fetch, missing.values());
  if (hold !== undefined) return hold;
  // The platform gives no total: only an empty page proves the end. A listing with short pages goes on a little longer.
  let cards = cardsIn(fetch.stored);
  for (let pageNo = expectedPages + 1; pageNo <= 2 * expectedPages + 2; pageNo++) {
    if (cards > fetch.cardCount) return undefined;
    if (fetch.stored.has(pageNo)) continue;
    const outcome = await fetchPage(fetch, pageNo, { keepEmpty: false });
    if (outcome !== undefined) return outcome;
    const added = fetch.stored.get(pageNo);
    if (added === undefined) return undefined;
    cards += added;
  }
  return {
    code: 'cards-too-many',
    words: `the listing has no end: page ${2 * expectedPages + 2} is not empty`,
  };
}

/** Several loops over the same pages. The first hold or error stops them all, after what they have in hand. */
async function fetchInLanes(fetch: Fetch, pages: Iterator<number>): Promise<Hold | undefined> {
  let hold: Hold | undefined;
  let failed = false;
  const lane = async (): Promise<void> => {
    try {
      while (hold === undefined && !failed && !fetch.work.signal.aborted) {
        const next = pages.next();
        if (next.done === true) return;
        const found = await fetchPage(fetch, next.value, { keepEmpty: true });
        hold ??= found;
      }
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  const lanes = Array.from({ length: fetch.parts.pagesInFlight ?? 4 }, lane);
  const failure = (await Promise.allSettled(lanes)).find((result) => result.status === 'rejected');
  if (hold === undefined && failure !== undefined) throw failure.reason;
  if (hold === undefined && fetch.work.signal.aborted) {
    throw new TryLater('the process is stopping', { delayMs: 0, counts: false });
  }
  return hold;
}

/** Fetches, checks and stores one page. An empty page in the middle is kept as seen, the one at the end is not. */
async function fetchPage(
  fetch: Fetch,
  pageNo: number,
  { keepEmpty }: { keepEmpty: boolean },
): Promise<Hold | undefined> {
  const answer = await askForPage(fetch, pageNo);
  if ('code' in answer) return answer;
  if (answer.cards.length === 0 && !keepEmpty) return undefined;
  if (answer.cards.length === 0 && pageNo === 1 && fetch.stored.size === 0) {
    throw new TryLater('cards-not-ready: the platform lists no card of this order yet', { counts: true });
  }
  const fault = findFault(pageNo, answer.cards, fetch.templateNos);
  if (fault !== undefined) return fault;
  return fetch.parts.takeTurn(() => store(fetch, sealPage(fetch, pageNo, answer)));
}

interface PageAnswer {
  readonly cards: readonly CardMakingInfo[];
  readonly requestId: string | undefined;
}

async function askForPage({ parts, platform, key, work }: Fetch, pageNo: number): Promise<PageAnswer | Hold> {
  for (let asks = 1; ; asks++) {
    const answer = await platform.cardPage(key.cardOrderId, pageNo, pageSize, work.signal);
    if (answer.ok) return { cards: answer.value, requestId: answer.requestId };
    if (answer.kind === 'refused') return { code: 'fetch-refused', words: `page ${pageNo}: ${answer.cause}` };
    if (answer.kind === 'later') {
      const waits = answer.retryAfterMs ?? 0;
      if (asks >= asksOfAPage || waits > shortPauseMs) {
        throw new TryLater(answer.cause, { counts: answer.counts, ...(waits > 0 ? { delayMs: waits } : {}) });
      }
    } else if (asks >= asksOfAPage) {
      throw new TryLater(`unusable-answer: page ${pageNo}: ${answer.cause}`, { counts: true });
    }
    await parts.pause(shortPauseMs * (asks / asksOfAPage) * (0.5 + parts.random() / 2), work.signal);
    if (work.signal.aborted) throw new TryLater('the process is stopping', { delayMs: 0, counts: false });
  }
}

function sealPage(fetch: Fetch, pageNo: number, { cards, requestId }: PageAnswer): SealedCardPage {
  const { nonce, sealed } = fetch.cardKey.sealPage(pageNo, cards);
  const macs = fetch.parts.vault.cardMacs(fetch.key.environment, cards);
  return {
    pageNo,
    dataKeyId: fetch.cardKey.dataKeyId,
    nonce,
    sealed,
    requestId,
    cards: cards.map((card, slot) => ({
      templateNo: card.templateNo,
      platformStatus: card.status,
      numberMac: (macs[slot] as { numberMac: Buffer }).numberMac,
      contentMac: (macs[slot] as { contentMac: Buffer }).contentMac,
    })),
  };
}

async function store(fetch: Fetch, page: SealedCardPage): Promise<Turn<Hold | undefined>> {
  const { work, key, stored } = fetch;
  for (let tries = 1; ; tries++) {
    try {
      const outcome = await work.transaction((client) => storePage(client, key, page));
      if (outcome.kind === 'not-planned') {
        throw new TryLater('the order was held or cancelled', { delayMs: 0, counts: false });
      }
      // Where somebody else stored it, the proof counts what that one saw.
      stored.set(page.pageNo, page.cards.length);
      return {
        result: undefined,
        callersAbout: outcome.kind === 'stored' ? outcome.callersAbout : undefined,
      };
    } catch (error) {
      if (!meansKnownCard(error)) throw error;
      const hold = await work.transaction((client) => findKnownCard(client, key, page));
      if (hold !== undefined) return { result: hold, callersAbout: undefined };
      // The other one that had the number may have been rolled back meanwhile.
      if (tries >= 3) throw error;
    }
  }
}

/** Proves the cards and moves the order on, in one transaction. */
async function conclude({ parts, work, key }: Fetch): Promise<Hold | undefined> {
  return work.transaction(async (client) => {
    const order = await lockOrder(client, key);
    if (order?.state !== 'planned') return undefined;
    const hold = await proveCards(client, order);
    if (hold !== undefined) return hold;
    await client.query('delete from former_card where environment = $1 and card_order_id = $2', [
      key.environment,
      String(key.cardOrderId),
    ]);
    for (const job of parts.nextJobs({ ...key, isTest: order.isTest === true })) await addJob(client, job);
    await moveOrder(client, order, {
      to: 'cards_fetched',
      actor: 'fetcher',
      detail: { cards: String(order.cardCount) },
    });
    return undefined;
  });
}

async function holdFetch(work: Work, key: OrderKey, hold: Hold): Promise<void> {
  await work.transaction((client) => holdPlanned(client, key, hold));
}

async function holdPlanned(client: PoolClient, key: OrderKey, hold: Hold): Promise<void> {
  const order = await lockOrder(client, key);
  if (order?.state !== 'planned') return;
  await holdOrder(client, order, hold, 'fetcher');
  // One of the two is not told the truth, and perhaps not this one: the other is looked at again before it is shipped.
  const other = hold.otherOrder;
  if (other !== undefined) await addJob(client, watchCardsJob({ ...key, cardOrderId: other }));
}

/** What becomes of an order whose fetch was given up after too many tries. In the transaction that parks the job. */
export async function holdUnfetched(client: PoolClient, key: OrderKey, cause: string): Promise<void> {
  const code = cause.split(':', 1)[0] ?? '';
  const known: HoldCode = code in holdReasons ? (code as HoldCode) : 'unusable-answer';
  const words = cause.slice(code in holdReasons ? code.length + 1 : 0).trim();
  await holdPlanned(client, key, { code: known, ...(words === '' ? {} : { words }) });
}

function cardsIn(stored: ReadonlyMap<number, number>): number {
  let cards = 0;
  for (const count of stored.values()) cards += count;
  return cards;
}
