import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inTransaction } from '../../src/db/transaction.ts';
import { storePage } from '../../src/personalisation/page-store.ts';
import { storeTurns, type TakeTurn } from '../../src/personalisation/store-turns.ts';
import { testDatabase } from '../postgres.ts';
import { cardVault, plannedOrder } from './listing.ts';

/** Time that passes only by pauses and by pages. */
function clockwork(): { takeTurn: TakeTurn; log: string[]; passMs: (ms: number) => void } {
  let now = 1_000;
  const log: string[] = [];
  const takeTurn = storeTurns({
    nowMs: () => now,
    pause: async (ms) => {
      log.push(`rest ${ms}`);
      now += ms;
    },
  });
  return {
    takeTurn,
    log,
    passMs: (ms) => {
      now += ms;
    },
  };
}

/** Ten pages at once, each of which takes some time; answers how many were stored together at most. */
async function mostTogether(callersAbout: boolean): Promise<{ most: number; rests: string[] }> {
  const { takeTurn, log, passMs } = clockwork();
  let storing = 0;
  let most = 0;
  const page = () =>
    takeTurn(async () => {
      storing++;
      most = Math.max(most, storing);
      await new Promise((resolve) => setImmediate(resolve));
      passMs(10);
      storing--;
      return { result: undefined, callersAbout };
    });
  await page();
  most = 0;
  await Promise.all(Array.from({ length: 10 }, page));
  return { most, rests: log };
}

test('alone, two pages are stored together without a rest', async () => {
  assert.deepEqual(await mostTogether(false), { most: 2, rests: [] });
});

test('in company pages are stored one by one, with rests of twice what each took', async () => {
  const { most, rests } = await mostTogether(true);
  assert.equal(most, 1);
  assert.deepEqual(rests, Array(10).fill('rest 20'));
});

test('a page that took long is rested from for a bounded time; where nobody looked, all stays as it was', async () => {
  const { takeTurn, log, passMs } = clockwork();
  await takeTurn(async () => {
    passMs(5_000);
    return { result: 1, callersAbout: true };
  });
  await takeTurn(async () => ({ result: 2, callersAbout: undefined }));
  passMs(7);
  await takeTurn(async () => ({ result: 3, callersAbout: false }));
  await takeTurn(async () => ({ result: 4, callersAbout: undefined }));
  assert.deepEqual(log, ['rest 200']);
});

test('a page that fails does not hold up the next', async () => {
  const { takeTurn } = clockwork();
  const fails = () => takeTurn(async () => Promise.reject(new Error('no')));
  await Promise.all(Array.from({ length: 5 }, () => assert.rejects(fails(), /no/)));
  assert.equal(await takeTurn(async () => ({ result: 'stored', callersAbout: false })), 'stored');
});

test('callers are about while other orders came in lately; the fetched order and older ones do not count', async (t) => {
  const { pool } = await testDatabase(t);
  const lines = [{ templateNo: 'A', count: 2_000 }];
  const key = await plannedOrder(pool, 16002n, lines);
  let pageNo = 0;
  const isInCompany = () =>
    inTransaction(pool, async (client) => {
      const { dataKeyId, sealPage } = await cardVault.cardKey(client, key);
      pageNo++;
      const page = { pageNo, dataKeyId, ...sealPage(pageNo, []), requestId: undefined, cards: [] };
      const outcome = await storePage(client, key, page);
      assert.equal(outcome.kind, 'stored');
      return outcome.kind === 'stored' && outcome.callersAbout;
    });
  assert.equal(await isInCompany(), false);
  await plannedOrder(pool, 16003n, lines);
  assert.equal(await isInCompany(), true);
  await pool.query(
    "update card_order set received_at = now() - interval '2 seconds' where card_order_id = 16003",
  );
  assert.equal(await isInCompany(), false);
});
