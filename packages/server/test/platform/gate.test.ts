import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { listAlarms } from '../../src/alarm/alarm-store.ts';
import { createGate, type Entry, type Gate, type Pass } from '../../src/platform/gate.ts';
import { testDatabase } from '../postgres.ts';

/** Gates of several processes on one database, with one clock. */
async function openGates(t: TestContext, count: number, cacheMs = 0) {
  const database = await testDatabase(t);
  const clock = { nowMs: Date.UTC(2026, 10, 24) };
  const gates = Array.from({ length: count }, () =>
    createGate(database.openPool(), 'daily', { nowMs: () => clock.nowMs, cacheMs, random: () => 0.5 }),
  );
  return { clock, gates: gates as [Gate, Gate], pool: database.pool };
}

function passOf(entry: Entry): Pass {
  assert.ok(entry.open, 'the door should be open');
  return entry.pass;
}
const isOpen = async (gate: Gate): Promise<boolean> => (await gate.enter()).open;

test('a ban that one process meets is honoured by the other, to the second', async (t) => {
  const { clock, gates, pool } = await openGates(t, 2);
  const [one, other] = gates;
  await passOf(await one.enter()).banned({ seconds: 3_600, isDailyVolume: true });
  const entry = await other.enter();
  assert.ok(!entry.open);
  assert.ok(entry.retryAfterMs >= 3_600_000 && entry.retryAfterMs <= 3_606_000);
  assert.match(entry.cause, /volume of the day/);
  clock.nowMs += 3_599_999;
  assert.deepEqual([await isOpen(one), await isOpen(other)], [false, false]);
  clock.nowMs += 1;
  assert.deepEqual([await isOpen(one), await isOpen(other)], [true, true]);
  assert.deepEqual(
    (await listAlarms(pool)).map(({ kind, environment, detail }) => [kind, environment, detail]),
    [['daily-volume', 'daily', { until: '2026-11-24T01:00:00.000Z' }]],
  );
  const state = await pool.query(
    "select 1 from platform_gate where environment <> 'daily' and closed_until is not null",
  );
  assert.equal(state.rowCount, 0, 'other environments have doors of their own');
});

test('failures of two processes make one outage; one of many callers probes; its success opens for all', async (t) => {
  const { clock, gates } = await openGates(t, 2);
  for (let n = 0; n < 5; n++) await passOf(await (gates[n % 2] as Gate).enter()).failed();
  assert.deepEqual([await isOpen(gates[0]), await isOpen(gates[1])], [false, false]);
  clock.nowMs += 1_000;
  const entries = await Promise.all(Array.from({ length: 20 }, (_, n) => (gates[n % 2] as Gate).enter()));
  const probes = entries.filter((entry) => entry.open);
  assert.equal(probes.length, 1);
  await passOf(probes[0] as Entry).succeeded();
  assert.deepEqual([await isOpen(gates[0]), await isOpen(gates[1])], [true, true]);
});

test('a probe that was cut off by a crash is followed by another one', async (t) => {
  const { clock, gates } = await openGates(t, 2);
  for (let n = 0; n < 5; n++) await passOf(await gates[0].enter()).failed();
  clock.nowMs += 1_000;
  passOf(await gates[0].enter());
  clock.nowMs += 60_000;
  assert.equal(await isOpen(gates[1]), false);
  clock.nowMs += 30_000;
  assert.equal(await isOpen(gates[1]), true);
});

test('six hours of outage: some hundred probes in all, an alarm, and both are over at the first answer', async (t) => {
  const { clock, gates, pool } = await openGates(t, 2);
  const endMs = clock.nowMs + 6 * 3_600_000;
  let calls = 0;
  while (clock.nowMs < endMs) {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const gate of gates) {
      const entry = await gate.enter();
      if (entry.open) {
        calls += 1;
        nextMs = Math.min(nextMs, (await entry.pass.failed())?.retryAfterMs ?? 100);
      } else nextMs = Math.min(nextMs, entry.retryAfterMs);
    }
    clock.nowMs += Math.max(1, nextMs);
  }
  assert.ok(calls > 200 && calls < 600, `${calls} calls`);
  assert.deepEqual(
    (await listAlarms(pool)).map(({ kind }) => kind),
    ['platform-down'],
  );
  clock.nowMs += 60_000;
  await passOf(await gates[0].enter()).succeeded();
  assert.equal((await listAlarms(pool)).length, 0);
  assert.equal((await listAlarms(pool, { all: true }))[0]?.acknowledgedBy, 'recovered');
  assert.deepEqual([await isOpen(gates[0]), await isOpen(gates[1])], [true, true]);
});

test('a process goes by what it read for a second at most, and successes cost the database nothing', async (t) => {
  const { clock, gates, pool } = await openGates(t, 2, 1_000);
  const version = async () =>
    (await pool.query("select xmin from platform_gate where environment = 'daily'")).rows[0];
  const before = await version();
  for (let n = 0; n < 200; n++) await passOf(await gates[0].enter()).succeeded();
  assert.deepEqual(await version(), before);
  await passOf(await gates[1].enter()).banned({ seconds: 60, isDailyVolume: false });
  assert.equal(await isOpen(gates[0]), true);
  clock.nowMs += 1_001;
  assert.equal(await isOpen(gates[0]), false);
});

test('successes give the retry budget back', async (t) => {
  const { gates, pool } = await openGates(t, 1);
  const budget = async () =>
    (
      await pool.query<{ retry_budget: number }>(
        "select retry_budget from platform_gate where environment = 'daily'",
      )
    ).rows[0]?.retry_budget as number;
  const fails = async (times: number) => {
    for (let n = 0; n < times; n++) {
      await passOf(await gates[0].enter()).failed();
      await passOf(await gates[0].enter()).succeeded();
    }
  };
  await fails(10);
  const spent = await budget();
  assert.ok(spent > 11.9 && spent < 12.1, `${spent}`);
  for (let n = 0; n < 20; n++) await passOf(await gates[0].enter()).succeeded();
  await gates[0].enter();
  const returned = await budget();
  assert.ok(returned > 15.8 && returned < 16.1, `${returned}`);
});

test('where the database takes no note, the outcome of the call counts all the same', async (t) => {
  const database = await testDatabase(t);
  const pool = database.openPool();
  const errors: unknown[] = [];
  const gate = createGate(pool, 'daily', { onError: (error) => errors.push(error) });
  const pass = passOf(await gate.enter());
  await pool.end();
  assert.equal(await pass.failed(), undefined);
  assert.deepEqual(await pass.banned({ seconds: 5, isDailyVolume: false }), { retryAfterMs: 5_000 });
  assert.equal(errors.length, 2);
});
