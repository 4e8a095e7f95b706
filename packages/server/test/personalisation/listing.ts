import type { CardMakingInfo, Environment } from '@cardwright/top';
import type { Pool } from 'pg';
import type { OrderKey } from '../../src/card-order/move.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { type FetchParts, fetchCards } from '../../src/personalisation/fetch.ts';
import { storeTurns } from '../../src/personalisation/store-turns.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { createCardVault } from '../../src/vault/card-vault.ts';
import { keyProvider } from '../../src/vault/key-provider.ts';
import { openVault } from '../../src/vault/vault.ts';
import type { Work } from '../../src/work.ts';

export interface Line {
  readonly templateNo: string;
  readonly count: number;
}

/** Stores a planned order, as if it had been taken in. */
export async function plannedOrder(
  pool: Pool,
  cardOrderId: bigint,
  lines: readonly Line[],
  { environment = 'daily' as Environment, isTest = false } = {},
): Promise<OrderKey> {
  const stored = lines.map(({ templateNo, count }) => ({
    templateNo,
    count: String(count),
    parValueFen: '100',
    cardName: 'x',
  }));
  await pool.query(
    `insert into card_order (environment, card_order_id, making_card_no, content_fingerprint, lines, card_count, state, is_test)
     values ($1, $2, $3, '\\x00', $4, $5, 'planned', $6)`,
    [
      environment,
      String(cardOrderId),
      `CW-${environment}-${cardOrderId}`,
      JSON.stringify(stored),
      lines.reduce((sum, { count }) => sum + count, 0),
      isTest,
    ],
  );
  return { environment, cardOrderId };
}

/** What a truthful platform lists of an order: the cards of all lines, in order. */
export function trueCards(cardOrderId: bigint, lines: readonly Line[]): CardMakingInfo[] {
  return lines.flatMap(({ templateNo, count }, line) =>
    Array.from({ length: count }, (_, index) => ({
      cardNo: `0${cardOrderId}${String(line).padStart(3, '0')}${String(index).padStart(7, '0')}`,
      cardPassword: `P${cardOrderId * 7n + BigInt(line * 1000 + index)}`,
      qrCode: `https://card.example.com/${cardOrderId}/${line}/${index}`,
      shortQrCode: `https://c.example.com/${cardOrderId}-${line}-${index}`,
      templateNo,
      status: 'ACTIVE',
    })),
  );
}

export function pagesOf<T>(cards: readonly T[], size = 500): T[][] {
  const pages: T[][] = [];
  for (let from = 0; from < cards.length; from += size) pages.push(cards.slice(from, from + size));
  return pages;
}

export type CardPageAnswer = Awaited<ReturnType<Platform['cardPage']>>;

/** A platform that answers the listing from these pages; beyond them, pages are empty. */
export function listingPlatform(
  pageAt: (pageNo: number, ask: number) => readonly CardMakingInfo[] | CardPageAnswer,
): Platform & { readonly asked: number[] } {
  const asked: number[] = [];
  const cardPage: Platform['cardPage'] = async (_, pageNo) => {
    asked.push(pageNo);
    const page = pageAt(pageNo, asked.filter((other) => other === pageNo).length);
    return 'ok' in page ? page : { ok: true, value: page, requestId: `r${pageNo}` };
  };
  const never = async (): Promise<never> => {
    throw new Error('not a part of the listing');
  };
  return { asked, cardPage, cardsByNumber: never, finish: never, sended: never, close: () => {} };
}

export const testVault = await openVault(
  keyProvider({ kind: 'environment', base64: Buffer.alloc(32, 1).toString('base64'), setting: 'TEST' }),
);
export const cardVault = createCardVault(testVault);

export function fetchParts(platform: Platform, overrides: Partial<FetchParts> = {}): FetchParts {
  return {
    vault: cardVault,
    platformOf: () => platform,
    pause: async () => {},
    takeTurn: storeTurns({ pause: async () => {}, nowMs: () => performance.now() }),
    random: () => 0.5,
    nextJobs: () => [],
    ...overrides,
  };
}

export const workOn = (pool: Pool, signal = new AbortController().signal): Work => ({
  transaction: (work) => inTransaction(pool, work),
  attempt: 1,
  signal,
});

/** Fetches, and answers what the order is then. */
export async function fetchAndLook(
  pool: Pool,
  key: OrderKey,
  platform: Platform,
): Promise<{ state: string; reason: string | null }> {
  await fetchCards(fetchParts(platform), workOn(pool), key);
  return orderState(pool, key);
}

export async function orderState(
  pool: Pool,
  key: OrderKey,
): Promise<{ state: string; reason: string | null }> {
  const { rows } = await pool.query<{ state: string; hold_reason: string | null }>(
    'select state, hold_reason from card_order where environment = $1 and card_order_id = $2',
    [key.environment, String(key.cardOrderId)],
  );
  return { state: rows[0]?.state ?? 'none', reason: rows[0]?.hold_reason ?? null };
}
