import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Pool } from 'pg';
import { advanceTestOrder } from '../../src/card-order/advance-test-order.ts';
import { findOrder } from '../../src/card-order/find-order.ts';
import { type HoldCode, holdReasons } from '../../src/card-order/hold.ts';
import type { OrderKey } from '../../src/card-order/move.ts';
import {
  acceptDifference,
  cancel,
  type FetchedJobs,
  markMade,
  type Operated,
  refetch,
  resume,
  ship,
} from '../../src/card-order/operate.ts';
import { storeReceipt } from '../../src/card-order/progress-store.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { restartFetch } from '../../src/personalisation/restart.ts';
import type { Transaction } from '../../src/work.ts';
import { testDatabase } from '../postgres.ts';

const key: OrderKey = { environment: 'daily', cardOrderId: 7n };
const waybill = { company: '顺丰', number: 'SF1234567890123' };
const fetchedJobs: FetchedJobs = (order) => [
  { task: order.isTest ? 'advance-test-order' : 'watch-cards', payload: {}, key: 'fetched' },
];

interface House {
  readonly pool: Pool;
  readonly transaction: Transaction;
}

async function houseWith(
  t: TestContext,
  order: {
    state: string;
    heldFrom?: string;
    reason?: string;
    isTest?: boolean | null;
    cards?: number;
    finishReported?: boolean;
  },
): Promise<House> {
  const { pool } = await testDatabase(t);
  await pool.query(
    `insert into card_order (environment, card_order_id, making_card_no, content_fingerprint, lines, card_count, state,
       is_test, held_from, hold_reason, hold_detail, finish_reported_at)
     values ('daily', 7, 'CWD7-5', '\\x00', '[{"templateNo":"T1","count":"2","parValueFen":"100","cardName":"x"}]', 2, $1,
       $2, $3, $4, '{"cards":1}', case when $5 then now() end)`,
    [
      order.state,
      order.isTest === undefined ? false : order.isTest,
      order.heldFrom ?? null,
      order.reason ?? null,
      order.finishReported ?? false,
    ],
  );
  await pool.query(
    `with key as (
       insert into vault_data_key (environment, card_order_id, class, master_key_id, wrapped_key)
       values ('daily', 7, 'card', 'a', '\\x00') returning data_key_id
     ), page as (
       insert into card_page (environment, card_order_id, page_no, card_count, data_key_id, nonce, sealed)
       select 'daily', 7, 1, $1, data_key_id, '\\x000000000000000000000000', '\\x00' from key returning card_page_id
     )
     insert into card (card_page_id, slot, template_no, platform_status, number_mac, content_mac)
     select card_page_id, n, 'T1', 'ACTIVE', md5(n::text)::uuid, md5('')::uuid from page, generate_series(0, $1 - 1) as n`,
    [order.cards ?? 2],
  );
  return { pool, transaction: (work) => inTransaction(pool, work) };
}

async function stateOf({ pool }: House): Promise<string> {
  return (await pool.query<{ state: string }>('select state from card_order')).rows[0]?.state ?? 'none';
}
async function jobsOf({ pool }: House): Promise<string[]> {
  const { rows } = await pool.query<{ task: string }>(
    'select task_identifier as task from graphile_worker.jobs order by 1',
  );
  return rows.map(({ task }) => task);
}
async function auditOf({ pool }: House): Promise<[actor: string, detail: Record<string, unknown>][]> {
  const { rows } = await pool.query<{ actor: string; detail: Record<string, unknown> }>(
    'select actor, detail from audit_event order by audit_event_id',
  );
  return rows.map(({ actor, detail }) => [actor, detail]);
}
function refused(operated: Operated, words: RegExp): void {
  assert.equal(operated.ok, false);
  assert.match(operated.en, words);
  assert.ok(/[\u4e00-\u9fff]/.test(operated.zh), 'in Chinese too');
}

test('made: through production, with the report and the person in the audit log', async (t) => {
  const house = await houseWith(t, { state: 'cards_fetched' });
  assert.ok((await markMade(house.transaction, key, '王芳')).ok);
  assert.deepEqual([await stateOf(house), await jobsOf(house)], ['made', ['report-finish']]);
  assert.deepEqual(await auditOf(house), [
    ['王芳', { from: 'cards_fetched', to: 'in_production' }],
    ['王芳', { from: 'in_production', to: 'made' }],
  ]);
  const again = await markMade(house.transaction, key, '王芳');
  assert.ok(again.ok);
  assert.equal((await auditOf(house)).length, 2);
});

for (const state of ['received', 'planned', 'dispatched', 'cancelled'])
  test(`an order that is ${state} cannot be made`, async (t) => {
    const house = await houseWith(t, { state });
    refused(await markMade(house.transaction, key, '王芳'), /once its cards are fetched/);
    assert.deepEqual([await stateOf(house), await jobsOf(house)], [state, []]);
  });

test('an order with cards missing cannot be made', async (t) => {
  const house = await houseWith(t, { state: 'cards_fetched', cards: 1 });
  refused(await markMade(house.transaction, key, '王芳'), /not as many as ordered/);
});

test('a test order is never made or shipped by hand', async (t) => {
  const house = await houseWith(t, { state: 'cards_fetched', isTest: true });
  refused(await markMade(house.transaction, key, '王芳'), /test templates/);
  refused(await ship(house.transaction, key, waybill, '王芳'), /test templates/);
  assert.equal(await stateOf(house), 'cards_fetched');
});

test('ship: only what is made, only with a waybill, and the report waits for the finish', async (t) => {
  const house = await houseWith(t, { state: 'made' });
  refused(
    await ship(house.transaction, key, { company: '飞毛腿', number: '12345678' }, '王芳'),
    /not in the list/,
  );
  refused(await ship(house.transaction, key, { company: '顺丰', number: '12' }, '王芳'), /waybill number/);
  assert.equal(await stateOf(house), 'made');
  assert.ok((await ship(house.transaction, key, waybill, '王芳')).ok);
  assert.deepEqual([await stateOf(house), await jobsOf(house)], ['dispatched', []]);
  refused(await ship(house.transaction, key, waybill, '王芳'), /only an order that is made/);
});

test('ship after the finish is reported adds the report; a forced courier stands in the audit log', async (t) => {
  const house = await houseWith(t, { state: 'made', finishReported: true });
  const shipment = { company: '同城飞毛腿', number: 'x-99887', force: true };
  assert.ok((await ship(house.transaction, key, shipment, '王芳')).ok);
  assert.deepEqual(await jobsOf(house), ['report-sended']);
  assert.deepEqual(await auditOf(house), [
    ['王芳', { from: 'made', to: 'dispatched', company: '同城飞毛腿', number: 'X-99887', forced: true }],
  ]);
});

test('force that was not needed is not in the audit log', async (t) => {
  const house = await houseWith(t, { state: 'made' });
  await ship(house.transaction, key, { ...waybill, force: true }, '王芳');
  assert.equal((await auditOf(house))[0]?.[1]['forced'], undefined);
});

test('cancel needs a reason, and a platform that cannot know of a finish', async (t) => {
  const house = await houseWith(t, { state: 'in_production' });
  refused(await cancel(house.transaction, key, '  ', '王芳'), /reason/);
  await house.pool.query(
    "insert into platform_call (environment, card_order_id, kind, attempt) values ('daily', 7, 'make-finish', 1)",
  );
  refused(await cancel(house.transaction, key, '客户撤单', '王芳'), /may have been told/);
  await house.pool.query("update platform_call set outcome = 'put-off', outcome_at = now()");
  assert.ok((await cancel(house.transaction, key, ' 客户\n撤单 ', '王芳')).ok);
  assert.deepEqual((await auditOf(house)).at(-1), [
    '王芳',
    { from: 'in_production', to: 'cancelled', reason: '客户 撤单' },
  ]);
});

for (const state of ['made', 'dispatched', 'closed'])
  test(`an order that is ${state} cannot be cancelled`, async (t) => {
    const house = await houseWith(t, { state });
    refused(await cancel(house.transaction, key, 'x', '王芳'), /too late/);
  });

for (const [heldFrom, jobs] of [
  ['cards_fetched', ['watch-cards']],
  ['in_production', ['watch-cards']],
  ['made', ['report-finish', 'watch-cards']],
] as const)
  test(`resume after a leak alarm: back to ${heldFrom} with its jobs`, async (t) => {
    const house = await houseWith(t, { state: 'held', heldFrom, reason: 'leak-alarm: page 1' });
    assert.ok((await resume(house.transaction, key, fetchedJobs, '李强')).ok);
    assert.deepEqual([await stateOf(house), await jobsOf(house)], [heldFrom, jobs]);
  });

test('resume of an order that could not be planned: the planner looks again', async (t) => {
  const house = await houseWith(t, {
    state: 'held',
    heldFrom: 'received',
    reason: 'missing-address',
    isTest: null,
  });
  assert.ok((await resume(house.transaction, key, fetchedJobs, '李强')).ok);
  assert.deepEqual([await stateOf(house), await jobsOf(house)], ['held', ['plan-card-order']]);
});

test('no other hold can just be resumed, and nothing that is not held', async (t) => {
  const codes = (Object.keys(holdReasons) as HoldCode[]).filter((code) => code !== 'leak-alarm');
  const house = await houseWith(t, { state: 'held', heldFrom: 'planned', reason: 'x' });
  for (const code of codes) {
    await house.pool.query('update card_order set hold_reason = $1', [code]);
    refused(await resume(house.transaction, key, fetchedJobs, '李强'), /orders show/);
  }
  await house.pool.query("update card_order set state = 'planned', held_from = null, hold_reason = null");
  refused(await resume(house.transaction, key, fetchedJobs, '李强'), /only a held order/);
});

test('refetch: what was seen is kept, and the order is planned again', async (t) => {
  const house = await houseWith(t, { state: 'held', heldFrom: 'planned', reason: 'duplicate-card' });
  assert.ok((await refetch(house.transaction, key, restartFetch, '李强')).ok);
  assert.deepEqual([await stateOf(house), await jobsOf(house)], ['planned', ['fetch-cards']]);
  const { rows } = await house.pool.query(
    'select (select count(*)::int from card) as cards, (select count(*)::int from former_card) as former',
  );
  assert.deepEqual(rows, [{ cards: 0, former: 2 }]);
  refused(await refetch(house.transaction, key, restartFetch, '李强'), /held for its cards/);
});

test('refetch is refused once production has begun', async (t) => {
  const house = await houseWith(t, { state: 'held', heldFrom: 'in_production', reason: 'leak-alarm' });
  refused(await refetch(house.transaction, key, restartFetch, '李强'), /before production/);
});

test('a difference is accepted by two different people, of the very same hold', async (t) => {
  const house = await houseWith(t, {
    state: 'held',
    heldFrom: 'planned',
    reason: 'cards-missing: 1 of 2',
    cards: 1,
  });
  const accept = (person: string) => acceptDifference(house.transaction, key, fetchedJobs, person);
  assert.match((await accept('Wang Fang')).en, /another person/);
  assert.match((await accept(' ＷＡＮＧ  fang ')).en, /another person/);
  await house.pool.query("update card_order set hold_reason = 'cards-missing: 0 of 2'");
  assert.match((await accept('李强')).en, /another person/, 'the hold is another one now');
  await house.pool.query("update card_order set hold_reason = 'cards-missing: 1 of 2'");
  assert.match((await accept('李强')).en, /goes on/);
  assert.deepEqual([await stateOf(house), await jobsOf(house)], ['cards_fetched', ['watch-cards']]);
  const [actor, detail] = (await auditOf(house)).at(-1) ?? [];
  assert.equal(actor, '李强');
  assert.deepEqual(detail?.['acceptedBy'], ['Wang Fang', '李强']);
  assert.ok((await markMade(house.transaction, key, '王芳')).ok, 'and it can be made');
});

test('two people at the same moment: one of them lets it go on', async (t) => {
  const house = await houseWith(t, { state: 'held', heldFrom: 'planned', reason: 'cards-missing', cards: 1 });
  const outcomes = await Promise.all(
    ['甲', '乙'].map((person) => acceptDifference(house.transaction, key, fetchedJobs, person)),
  );
  assert.deepEqual(
    outcomes.map(({ ok }) => ok),
    [true, true],
  );
  assert.equal(await stateOf(house), 'cards_fetched');
});

test('only documented differences can be accepted', async (t) => {
  const house = await houseWith(t, { state: 'held', heldFrom: 'planned', reason: 'x' });
  for (const [code, entry] of Object.entries(holdReasons)) {
    await house.pool.query('update card_order set hold_reason = $1', [code]);
    const outcome = await acceptDifference(house.transaction, key, fetchedJobs, '甲');
    assert.equal(outcome.ok, 'acceptable' in entry, code);
  }
  refused(await acceptDifference(house.transaction, key, fetchedJobs, ' '), /who accepts/);
});

test('an order that there is not', async (t) => {
  const { transaction } = await houseWith(t, { state: 'made' });
  refused(await markMade(transaction, { ...key, environment: 'pre' }, '王芳'), /no order 7/);
});

test('an id in two environments needs the environment said; our number needs none', async (t) => {
  const { pool } = await houseWith(t, { state: 'made' });
  await pool.query(
    `insert into card_order (environment, card_order_id, making_card_no, content_fingerprint, lines, card_count)
     values ('online', 7, 'CWN7-5', '\\x00', '[]', 1)`,
  );
  const ambiguous = await findOrder(pool, '7');
  assert.ok(!ambiguous.ok && /daily, online/.test(ambiguous.en));
  assert.deepEqual(await findOrder(pool, '7', 'online'), {
    ok: true,
    key: { environment: 'online', cardOrderId: 7n },
  });
  assert.deepEqual(await findOrder(pool, 'cwd7-5'), { ok: true, key });
  for (const wrong of ['8', 'CWD7-6', "7' or '1'='1", '99999999999999999999'])
    assert.equal((await findOrder(pool, wrong)).ok, false, wrong);
  assert.equal((await findOrder(pool, '7', 'nowhere')).ok, false);
});

test('a receipt that came before the shipping was written down ends the order with it', async (t) => {
  for (const [isTest, end] of [
    [false, 'closed'],
    [true, 'test_done'],
  ] as const) {
    const house = await houseWith(t, { state: 'made', isTest, finishReported: true });
    assert.equal(await storeReceipt(house.pool, 'daily', 7n), 'stored');
    assert.equal(await stateOf(house), 'made', 'it ships nothing');
    const signal = new AbortController().signal;
    if (isTest) await advanceTestOrder({ transaction: house.transaction, attempt: 1, signal }, key);
    else assert.equal((await ship(house.transaction, key, waybill, '李四')).ok, true);
    assert.equal(await stateOf(house), end);
    const { rows } = await house.pool.query(
      'select ended_at is not null as ended, sended_reported_at from card_order',
    );
    assert.deepEqual(rows, [{ ended: true, sended_reported_at: null }]);
    assert.deepEqual(await jobsOf(house), ['report-sended'], 'the platform is told all the same');
  }
});
