import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CardMakingInfo } from '@cardwright/top';
import { compareWithPlatform, findCardsByNumber } from '../../src/personalisation/look-up.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { testDatabase } from '../postgres.ts';
import { cardVault, fetchAndLook, listingPlatform, plannedOrder, trueCards } from './listing.ts';

test('a card is found by its number, in its environment only, and the looking is audited without the number', async (t) => {
  const { pool } = await testDatabase(t);
  const lines = [{ templateNo: 'A1', count: 3 }];
  const cards = trueCards(7n, lines);
  const key = await plannedOrder(pool, 7n, lines);
  await fetchAndLook(
    pool,
    key,
    listingPlatform((pageNo) => (pageNo === 1 ? cards : [])),
  );
  const numbers = [(cards[2] as CardMakingInfo).cardNo, '404', (cards[0] as CardMakingInfo).cardNo];
  const answers = await findCardsByNumber(pool, cardVault, 'daily', numbers, 'auditor');
  assert.deepEqual(
    answers.map(({ found }) => found && [found.cardOrderId, found.pageNo, found.slot, found.templateNo]),
    [[7n, 1, 2, 'A1'], undefined, [7n, 1, 0, 'A1']],
  );
  const elsewhere = await findCardsByNumber(pool, cardVault, 'online', numbers, 'auditor');
  assert.ok(elsewhere.every(({ found }) => found === undefined));
  const { rows } = await pool.query(
    "select actor, detail from audit_event where action = 'cards.looked-up' order by 1, 2",
  );
  assert.deepEqual(rows, [
    { actor: 'auditor', detail: { asked: 3, found: 0 } },
    { actor: 'auditor', detail: { asked: 3, found: 2 } },
  ]);
});

test('held against the platform: the same, another status, other content, not given', async (t) => {
  const { pool } = await testDatabase(t);
  const lines = [{ templateNo: 'A1', count: 4 }];
  const cards = trueCards(7n, lines);
  const key = await plannedOrder(pool, 7n, lines);
  await fetchAndLook(
    pool,
    key,
    listingPlatform((pageNo) => (pageNo === 1 ? cards : [])),
  );
  const [a, b, c, d] = cards as [CardMakingInfo, CardMakingInfo, CardMakingInfo, CardMakingInfo];
  const platform: Platform = {
    ...listingPlatform(() => []),
    cardsByNumber: async () => ({
      ok: true,
      value: [{ ...c, cardPassword: 'other' }, a, { ...b, status: 'BOUND' }],
      requestId: 'r',
    }),
  };
  const numbers = [a, b, c, d].map((card) => card.cardNo).concat('404');
  const answers = await findCardsByNumber(pool, cardVault, 'daily', numbers, 'auditor');
  const compared = await compareWithPlatform(pool, cardVault, platform, 'daily', numbers, answers);
  assert.ok(Array.isArray(compared));
  assert.deepEqual(
    compared.map(({ now }) => now && [now.comparison, now.status]),
    [
      ['same', 'ACTIVE'],
      ['status-changed', 'BOUND'],
      ['content-changed', 'ACTIVE'],
      ['not-given', undefined],
      undefined,
    ],
  );
  const down: Platform = {
    ...platform,
    cardsByNumber: async () => ({ ok: false, kind: 'later', cause: 'down', counts: false }),
  };
  assert.deepEqual(await compareWithPlatform(pool, cardVault, down, 'daily', numbers, answers), {
    problem: 'down',
  });
});
