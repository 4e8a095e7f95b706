import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lockOrder } from '../../src/card-order/move.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { restartFetch } from '../../src/personalisation/restart.ts';
import { testDatabase } from '../postgres.ts';
import { fetchAndLook, listingPlatform, pagesOf, plannedOrder, trueCards } from './listing.ts';

test('giving up the cards of a large order may take longer than a statement usually may', async (t) => {
  const { pool: unhurried, openPool } = await testDatabase(t);
  const pool = openPool({ statementTimeoutMs: 1_000 });
  const lines = [{ templateNo: 'A1', count: 600 }];
  const key = await plannedOrder(unhurried, 16002n, lines);
  const pages = pagesOf(trueCards(16002n, lines));
  const short = listingPlatform((pageNo) =>
    pageNo === 1 ? (pages[0] ?? []).slice(1) : (pages[pageNo - 1] ?? []),
  );
  // As if there were a million.
  await unhurried.query(`create function take_a_while() returns trigger language plpgsql as $$ begin perform pg_sleep(1.5); return null; end $$;
    create trigger slow before delete on card for each statement execute function take_a_while()`);

  assert.match((await fetchAndLook(pool, key, short)).reason ?? '', /^cards-missing: 599 of 600/);
  await inTransaction(pool, async (client) => {
    const order = await lockOrder(client, key);
    assert.ok(order);
    await restartFetch(client, order, 'tester');
  });
  const { rows } = await unhurried.query('select count(*)::int as cards from card');
  assert.deepEqual(rows, [{ cards: 0 }]);
});
