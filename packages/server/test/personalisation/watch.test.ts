import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CardMakingInfo } from '@cardwright/top';
import type { PoolClient } from 'pg';
import { acceptDifference, markMade } from '../../src/card-order/operate.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { watchCards } from '../../src/personalisation/watch.ts';
import { testDatabase } from '../postgres.ts';
import {
  cardVault,
  fetchAndLook,
  type Line,
  listingPlatform,
  orderState,
  pagesOf,
  plannedOrder,
  trueCards,
  workOn,
} from './listing.ts';

const lines: readonly Line[] = [
  { templateNo: 'A1', count: 700 },
  { templateNo: 'B2', count: 800 },
];
const truth = trueCards(16002n, lines);
const empty: readonly CardMakingInfo[] = [];

const replaceFirst = (page: CardMakingInfo[], card: Partial<CardMakingInfo>): CardMakingInfo[] => [
  { ...(page[0] as CardMakingInfo), ...card },
  ...page.slice(1),
];

test('a status that changes before dispatch raises the leak alarm and holds the order', async (t) => {
  const { pool } = await testDatabase(t);
  const key = await plannedOrder(pool, 16002n, lines);
  const pages = pagesOf(truth);
  await fetchAndLook(
    pool,
    key,
    listingPlatform((pageNo) => pages[pageNo - 1] ?? empty),
  );
  const parts = (pageAt: (pageNo: number) => readonly CardMakingInfo[]) => ({
    vault: cardVault,
    platformOf: () => listingPlatform(pageAt),
    now: () => new Date(),
  });
  await watchCards(
    parts((pageNo) => (pages[pageNo - 1] ?? empty).toReversed()),
    workOn(pool),
    key,
  );
  assert.equal((await orderState(pool, key)).state, 'cards_fetched', 'nothing changed');
  await watchCards(
    parts((pageNo) =>
      pageNo === 2 ? replaceFirst(pages[1] ?? [], { status: 'BOUND' }) : (pages[pageNo - 1] ?? empty),
    ),
    workOn(pool),
    key,
  );
  assert.deepEqual(await orderState(pool, key), {
    state: 'held',
    reason: 'leak-alarm: page 2, card 1: ACTIVE → BOUND; 1 such cards',
  });
  const alarms = await pool.query('select kind, card_order_id, detail from alarm');
  assert.deepEqual(alarms.rows, [
    {
      kind: 'leak-alarm',
      card_order_id: 16002n,
      detail: { reason: 'leak-alarm', pageNo: 2, slot: 0, cards: 1, fromStatus: 'ACTIVE', toStatus: 'BOUND' },
    },
  ]);
  const changes = await pool.query('select from_status, to_status from card_status_change');
  assert.deepEqual(changes.rows, [{ from_status: 'ACTIVE', to_status: 'BOUND' }]);
});

test('a card that was not given before, asked again before shipping, holds the order', async (t) => {
  const { pool } = await testDatabase(t);
  const key = await plannedOrder(pool, 16002n, lines);
  const pages = pagesOf(truth);
  // The first answer had a foreign card in place of a true one: nothing in it shows that.
  const lying = [replaceFirst(pages[0] ?? [], { cardNo: 'foreign' }), ...pages.slice(1)];
  const outcome = await fetchAndLook(
    pool,
    key,
    listingPlatform((pageNo) => lying[pageNo - 1] ?? empty),
  );
  assert.equal(outcome.state, 'cards_fetched');
  const truthful = () => listingPlatform((pageNo) => pages[pageNo - 1] ?? empty);
  await watchCards({ vault: cardVault, platformOf: truthful, now: () => new Date() }, workOn(pool), key);
  assert.deepEqual(await orderState(pool, key), {
    state: 'held',
    reason: 'card-changed: 1 cards that were not given before, asked again before shipping',
  });
});

test('what two people accepted of a made order does not hold it again; anything else does', async (t) => {
  const { pool } = await testDatabase(t);
  const key = await plannedOrder(pool, 16002n, lines);
  const pages = pagesOf(truth);
  const lying = [replaceFirst(pages[0] ?? [], { cardNo: 'foreign' }), ...pages.slice(1)];
  await fetchAndLook(
    pool,
    key,
    listingPlatform((pageNo) => lying[pageNo - 1] ?? empty),
  );
  const transaction = <T>(work: (client: PoolClient) => Promise<T>): Promise<T> => inTransaction(pool, work);
  const watch = (listing: readonly (readonly CardMakingInfo[])[]): Promise<void> =>
    watchCards(
      {
        vault: cardVault,
        platformOf: () => listingPlatform((pageNo) => listing[pageNo - 1] ?? empty),
        now: () => new Date(),
      },
      workOn(pool),
      key,
    );
  assert.ok((await markMade(transaction, key, '王芳')).ok);
  const otherPassword = [
    pages[0] ?? [],
    replaceFirst(pages[1] ?? [], { cardPassword: 'another' }),
    ...pages.slice(2),
  ];
  for (const changed of [pages, otherPassword]) {
    await watch(changed);
    assert.equal((await orderState(pool, key)).state, 'held');
    const accept = (person: string) => acceptDifference(transaction, key, () => [], person);
    assert.match((await accept('王芳')).en, /another person/);
    assert.match((await accept('李强')).en, /goes on/);
    assert.equal((await orderState(pool, key)).state, 'made');
    await watch(changed);
    assert.equal((await orderState(pool, key)).state, 'made', 'asked again, the same');
  }
  const active = [replaceFirst(pages[1] ?? [], { status: 'BOUND' })];
  await watch([pages[0] ?? [], ...active, ...pages.slice(2)]);
  assert.match((await orderState(pool, key)).reason ?? '', /^leak-alarm/);
});
