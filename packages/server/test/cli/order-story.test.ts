import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Pool } from 'pg';
import { raiseAlarm } from '../../src/alarm/alarm-store.ts';
import { appendAudit } from '../../src/audit/append.ts';
import { holdReasons } from '../../src/card-order/hold.ts';
import { actWords, holdWords, outcomeName } from '../../src/cli/order-words.ts';
import { ordersList, ordersShow } from '../../src/cli/orders.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { testDatabase } from '../postgres.ts';

/** What a command writes to standard output. */
async function outputOf(
  t: TestContext,
  command: () => Promise<number>,
): Promise<{ code: number; text: string }> {
  const written: string[] = [];
  const write = t.mock.method(process.stdout, 'write', (chunk: string) => {
    written.push(chunk);
    return true;
  });
  try {
    return { code: await command(), text: written.join('') };
  } finally {
    write.mock.restore();
  }
}

async function heldOrder(pool: Pool): Promise<void> {
  await pool.query(
    `insert into card_order (environment, card_order_id, making_card_no, content_fingerprint, lines, card_count, state,
       is_test, held_from, hold_reason)
     values ('daily', 7, 'CWD7-5', '\\x00', '[{"templateNo":"T1","count":"2","parValueFen":"100","cardName":"x"}]', 2,
       'held', false, 'made', 'leak-alarm: page 1, card 2')`,
  );
  await pool.query(
    `insert into platform_call (environment, card_order_id, kind, attempt, outcome, outcome_at, detail)
     values ('daily', 7, 'make-finish', 1, 'unknown', now(), 'timeout'), ('daily', 7, 'make-finish', 2, null, null, null)`,
  );
  await pool.query(
    `insert into parked_job (task, payload, environment, card_order_id, attempts, cause)
     values ('report-finish', '{}', 'daily', 7, 12, 'make-finish: timeout')`,
  );
  const order = { environment: 'daily', cardOrderId: 7n } as const;
  await inTransaction(pool, async (client) => {
    await raiseAlarm(client, { kind: 'leak-alarm', ...order });
    const moved = { from: 'made', to: 'held', reason: 'leak-alarm: page 1, card 2' };
    await appendAudit(client, [{ actor: 'watcher', action: 'order.state', ...order, detail: moved }]);
  });
}

test('orders show tells what happened, what is known, and what a person has to do', async (t) => {
  const { pool } = await testDatabase(t);
  await heldOrder(pool);
  const { code, text } = await outputOf(t, () => ordersShow(pool, '7', { json: false }));
  assert.equal(code, 0);
  for (const part of [
    '已暂停 held',
    '泄露警报：发货前卡状态已变化',
    holdReasons['leak-alarm'].adviceZh,
    holdReasons['leak-alarm'].adviceEn,
    '0 / 2',
    'make.finish #1: 结果不明',
    '#2: 中断',
    'jobs retry 1',
    '警报 alarm 1',
    '已制成 → 已暂停 · made → held',
  ])
    assert.ok(text.includes(part), `${part} is missing in\n${text}`);
  assert.doesNotMatch(text, /[{}]|undefined|null|\[object/);
});

test('orders show and list for programs, and for an order that there is not', async (t) => {
  const { pool } = await testDatabase(t);
  await heldOrder(pool);
  const shown = JSON.parse((await outputOf(t, () => ordersShow(pool, 'cwd7-5', { json: true }))).text);
  assert.deepEqual(
    [
      shown[0].cardOrderId,
      shown[0].reports.length,
      shown[0].parked.length,
      shown[0].alarms.length,
      shown[0].timeline.length,
    ],
    ['7', 2, 1, 1, 1],
  );
  const list = await outputOf(t, () => ordersList(pool, { limit: 5, json: false }));
  assert.match(list.text, /CWD7-5.*已暂停 held/);
  const none = await outputOf(t, () => ordersShow(pool, '7', { environment: 'pre', json: false }));
  assert.deepEqual([none.code, /没有这个制卡单/.test(none.text)], [1, true]);
});

test('every act and every outcome has words in both languages, also of other versions', () => {
  const detail = {
    from: 'planned',
    to: 'held',
    reason: 'cards-missing: 1 of 2',
    cause: 'x',
    classes: ['card'],
    n: 1,
  };
  for (const action of [
    'order.accepted',
    'order.conflict',
    'order.state',
    'order.receipt',
    'order.finish-reported',
    'order.sended-reported',
    'order.report-refused',
    'order.plan-again',
    'order.difference-accepted',
    'cards.fetch-started',
    'cards.leak-alarm',
    'cards.card-changed',
    'job.parked',
    'job.released',
    'alarm.acknowledged',
    'vault.opened',
    'vault.damage-found',
    'vault.shredded',
  ]) {
    const words = actWords(action, detail);
    assert.match(words, /[\u4e00-\u9fff].*[a-z]/, action);
    assert.doesNotMatch(words, /[{}]|undefined|\[object/, action);
  }
  assert.equal(actWords('some.thing', { page: 3, where: { a: 1 } }), 'some.thing (page 3, where a 1)');
  assert.equal(actWords('constructor', {}), 'constructor');
  for (const outcome of ['done', 'repeated', 'refused', 'put-off', 'unknown', null])
    assert.match(outcomeName(outcome), /[\u4e00-\u9fff].*[a-z]/);
  for (const code of Object.keys(holdReasons))
    assert.match(holdWords(`${code}: 1`), /[\u4e00-\u9fff].* · .*: 1$/);
  assert.equal(holdWords('from another version'), 'from another version');
});
