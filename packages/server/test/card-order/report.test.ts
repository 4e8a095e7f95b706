import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OrderKey } from '../../src/card-order/move.ts';
import { ship } from '../../src/card-order/operate.ts';
import { advanceTestOrderJob, reportFinishJob, reportSendedJob } from '../../src/card-order/order-jobs.ts';
import { reportFinish, reportSended } from '../../src/card-order/report.ts';
import { openReportHouse, type ReportHouse } from './report-house.ts';

const waybill = { company: '顺丰', number: 'SF1234567890123' };

async function callsOf({ pool }: ReportHouse, { cardOrderId }: OrderKey): Promise<string[]> {
  const { rows } = await pool.query<{ line: string }>(
    `select kind || ' ' || coalesce(outcome, 'open') as line from platform_call where card_order_id = $1
     order by platform_call_id`,
    [String(cardOrderId)],
  );
  return rows.map(({ line }) => line);
}

async function actionsOf({ pool }: ReportHouse, { cardOrderId }: OrderKey): Promise<string[]> {
  const { rows } = await pool.query<{ action: string }>(
    'select action from audit_event where card_order_id = $1 order by audit_event_id',
    [String(cardOrderId)],
  );
  return rows.map(({ action }) => action);
}

test('made, reported, shipped, reported', async (t) => {
  const house = await openReportHouse(t);
  const key = await house.order(16002n, 'made');
  await house.add(reportFinishJob(key));
  await house.work();
  assert.equal(await house.stand(key), 'made finish');
  const shipped = await ship(house.transaction, key, waybill, '王芳');
  assert.ok(shipped.ok, shipped.en);
  await house.work();
  assert.equal(await house.stand(key), 'dispatched finish sended');
  assert.deepEqual(house.sandbox.effects(16002n).order, ['finish', 'sended']);
  const { rows } = await house.pool.query('select detail from audit_event where action = $1', [
    'order.sended-reported',
  ]);
  assert.deepEqual(rows[0]?.detail.company, '顺丰速运');
  assert.deepEqual(await callsOf(house, key), ['make-finish done', 'sended done']);
  assert.deepEqual(await actionsOf(house, key), [
    'order.finish-reported',
    'order.state',
    'order.sended-reported',
  ]);
});

test('shipped before the finish is reported: sended waits for it', async (t) => {
  const house = await openReportHouse(t);
  const key = await house.order(1n, 'made');
  await ship(house.transaction, key, waybill, '王芳');
  await house.add(reportSendedJob(key));
  await house.work();
  assert.equal(await house.stand(key), 'dispatched');
  assert.deepEqual(house.sandbox.effects(1n).calls, []);
  await house.add(reportFinishJob(key));
  await house.work();
  assert.deepEqual(house.sandbox.effects(1n).order, ['finish', 'sended']);
});

for (const state of ['received', 'planned', 'cards_fetched', 'in_production', 'cancelled'] as const) {
  test(`nothing is said of an order that is ${state}`, async (t) => {
    const house = await openReportHouse(t);
    const key = await house.order(1n, state, waybill);
    await house.add(reportFinishJob(key));
    await house.add(reportSendedJob(key));
    await house.work();
    assert.deepEqual([house.sandbox.effects(1n).calls, await callsOf(house, key)], [[], []]);
  });
}

test('a receipt that came before the reports does not end them', async (t) => {
  const house = await openReportHouse(t);
  const key = await house.order(1n, 'closed', waybill);
  await house.add(reportFinishJob(key));
  await house.work();
  assert.deepEqual(house.sandbox.effects(1n).order, ['finish', 'sended']);
});

test('a test order lives virtually, and the platform sees each of its states', async (t) => {
  const house = await openReportHouse(t);
  const key = await house.order(5n, 'cards_fetched', { isTest: true });
  await house.add(advanceTestOrderJob(key));
  await house.work();
  assert.equal(await house.stand(key), 'dispatched finish sended');
  const { rows } = await house.pool.query(
    'select logistics_company as c, logistics_order_id as n from card_order',
  );
  assert.deepEqual(rows, [{ c: '虚拟发货', n: 'TESTCWD5' }]);
  const states = await house.pool.query<{ to: string; reported: boolean }>(
    "select detail->>'to' as to, action <> 'order.state' as reported from audit_event order by audit_event_id",
  );
  assert.deepEqual(
    states.rows.map(({ to, reported }) => (reported ? 'reported' : to)),
    ['made', 'reported', 'dispatched', 'reported'],
  );
  assert.ok(
    (await house.pool.query("select 1 from audit_event where detail->>'to' = 'in_production'")).rowCount ===
      0,
  );
});

test('a real order is never advanced virtually', async (t) => {
  const house = await openReportHouse(t);
  const key = await house.order(5n, 'cards_fetched');
  await house.add(advanceTestOrderJob(key));
  await house.work();
  assert.equal(await house.stand(key), 'cards_fetched');
});

test('a worker that dies between call and outcome: the same is said again, in effect once', async (t) => {
  const house = await openReportHouse(t);
  const key = await house.order(1n, 'made');
  await house.add(reportFinishJob(key));
  let transactions = 0;
  // Look, intent, and then the outcome, which is lost.
  await house.work({ dies: () => (++transactions === 3 ? 'before' : undefined) });
  assert.equal(await house.stand(key), 'made finish');
  assert.deepEqual(await callsOf(house, key), ['make-finish open', 'make-finish done']);
  const { finish, calls } = house.sandbox.effects(1n);
  assert.deepEqual([finish, calls.length], [1, 2]);
});

test('already-finished counts as done after an attempt that may have acted', async (t) => {
  const house = await openReportHouse(t);
  const key = await house.order(1n, 'made');
  await house.sandbox.faults.add({ kind: 'acted-then-reset', method: 'make.finish' });
  await house.sandbox.faults.add({ kind: 'repeat-refused', method: 'make.finish' });
  await house.add(reportFinishJob(key));
  assert.deepEqual(await house.work(), []);
  assert.equal(await house.stand(key), 'made finish');
  assert.deepEqual(await callsOf(house, key), ['make-finish unknown', 'make-finish done']);
});

test('already-finished is a refusal where nothing was ever said', async (t) => {
  const house = await openReportHouse(t);
  const key = await house.order(1n, 'made');
  await house.add(reportFinishJob(key));
  await house.work();
  // As after a database was restored from before the report.
  await house.pool.query('delete from platform_call; update card_order set finish_reported_at = null');
  await house.sandbox.faults.add({ kind: 'repeat-refused', method: 'make.finish' });
  await house.add(reportFinishJob(key));
  const givenUp = await house.work();
  assert.match(givenUp[0] ?? '', /already-finished/);
  assert.equal(await house.stand(key), 'made');
});

test('a refusal is given up with an alarm, and not repeated', async (t) => {
  const house = await openReportHouse(t);
  const key = await house.order(1n, 'made');
  await house.sandbox.faults.add({ kind: 'isv-error', method: 'make.finish' });
  await house.add(reportFinishJob(key));
  const givenUp = await house.work();
  assert.match(givenUp[0] ?? '', /isv\.invalid-parameter/);
  assert.deepEqual(await callsOf(house, key), ['make-finish refused']);
  assert.deepEqual(await actionsOf(house, key), ['order.report-refused']);
  const { rows } = await house.pool.query('select kind, card_order_id from alarm');
  assert.deepEqual(rows, [{ kind: 'report-refused', card_order_id: 1n }]);
});

test('a waybill that was changed after the platform may have been told is never sent', async (t) => {
  const house = await openReportHouse(t);
  const key = await house.order(1n, 'dispatched', waybill);
  await house.add(reportFinishJob(key));
  await house.sandbox.faults.add({ kind: 'acted-then-reset', method: 'sended' });
  await assert.rejects(house.work({ mostTurns: 2 }), /never came to an end/);
  await house.pool.query("update card_order set logistics_order_id = 'SF9999999999999'");
  const givenUp = await house.work();
  assert.match(givenUp[0] ?? '', /other content/);
  assert.equal(house.sandbox.effects(1n).calls.filter(({ asked }) => asked === 'sended').length, 1);
});

test('two workers with the same job at once: one effect, one outcome of done', async (t) => {
  const house = await openReportHouse(t);
  const key = await house.order(1n, 'dispatched', waybill);
  const work = { transaction: house.transaction, attempt: 1, signal: new AbortController().signal };
  await Promise.all([1, 2, 3].map(() => reportFinish(house.parts, work, key)));
  await Promise.all([1, 2, 3].map(() => reportSended(house.parts, work, key)));
  assert.equal(await house.stand(key), 'dispatched finish sended');
  const { finish, sended } = house.sandbox.effects(1n);
  assert.deepEqual([finish, sended], [1, 1]);
  const done = (await callsOf(house, key)).filter((line) => line.endsWith('done'));
  assert.deepEqual(done, ['make-finish done', 'sended done']);
});

test('an outage of five hours is waited out: few calls, no try counted, and then all is reported', async (t) => {
  const house = await openReportHouse(t);
  const keys = await Promise.all([1n, 2n, 3n].map((id) => house.order(id, 'dispatched', waybill)));
  await house.sandbox.faults.add({ kind: 'outage', value: 5 * 3_600 });
  for (const key of keys) await house.add(reportFinishJob(key));
  const startMs = house.clock.nowMs;
  assert.deepEqual(await house.work({ mostTurns: 5_000 }), []);
  assert.ok(house.clock.nowMs - startMs >= 5 * 3_600_000);
  for (const key of keys) {
    assert.equal(await house.stand(key), 'dispatched finish sended');
    assert.deepEqual(house.sandbox.effects(key.cardOrderId).order, ['finish', 'sended']);
  }
  const { rows } = await house.pool.query<{ calls: number }>(
    'select count(*)::int as calls from platform_call',
  );
  const calls = rows[0]?.calls ?? 0;
  assert.ok(calls > 100 && calls < 700, `${calls} calls`);
});

test('a ban is waited out to its end', async (t) => {
  const house = await openReportHouse(t);
  const key = await house.order(1n, 'made');
  await house.sandbox.faults.add({ kind: 'daily-volume', value: 7_200 });
  await house.add(reportFinishJob(key));
  const startMs = house.clock.nowMs;
  await house.work();
  assert.ok(house.clock.nowMs - startMs >= 7_200_000);
  assert.deepEqual(await callsOf(house, key), ['make-finish put-off', 'make-finish done']);
});
