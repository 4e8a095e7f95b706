import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Ledger, openLedger } from '../src/ledger.ts';
import type { OrderRecord, TemplateRecord } from '../src/records.ts';
import { fileStore, memoryStore, type StateStore } from '../src/state-file.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-state-'));
});
after(() => rm(folder, { recursive: true }));

const template: TemplateRecord = {
  templateNo: 'T1',
  cardName: '猫超储值卡',
  parValueFen: 9007199254740993n,
  isTest: true,
};
const orderOf = (cardOrderId: bigint): OrderRecord => ({
  cardOrderId,
  placedAt: '2026-01-02T03:04:05.000Z',
  lines: [{ templateNo: 'T1', count: 3n, parValueFen: 100n, cardName: '猫超储值卡' }],
});
const parcel = { at: '2026-01-03T00:00:00.000Z', logisticsOrderId: 'SF1', logisticsCompany: 'SF' };
const open = (store: StateStore, seed?: string): Promise<Ledger> =>
  openLedger(store, { seed, defaultSeed: 'cardwright', ownSign: 'daily' });

/** What the orders of a journal's lines are, the last line of each. */
async function ordersIn(path: string): Promise<Map<string, unknown>> {
  const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
  const changes = lines.map((line) => JSON.parse(line) as { order?: { cardOrderId: string } });
  return new Map(changes.flatMap(({ order }) => (order === undefined ? [] : [[order.cardOrderId, order]])));
}

test('everything survives a restart, ids beyond 2^53 too', async () => {
  const path = join(folder, 'restart.json');
  const first = await open(fileStore(path), 'mine');
  await first.addTemplate(template);
  for (const id of [16002n, 9007199254740992n, 9007199254740993n, 2n ** 63n - 1n])
    await first.addOrder(orderOf(id));
  await first.noteMakerAnswer(16002n, { at: 'now', accepted: true, makingCardNo: 'N1' });
  await first.finish(16002n, 'then');
  await first.finish(16002n, 'again', 'acted-then-reset');
  await first.ship(16002n, parcel);
  await first.noteReceipt(16002n, 'later');
  await first.keep({ clock: 'early' });
  await first.keep({ clock: 'late', chaos: { seed: 's', rate: '0.05' } });
  const fault = { id: 1n, kind: 'gzip-answer', times: 0n, afterCalls: 0n, struck: 3n };
  await first.keep({ fault });
  await first.keep({ fault: { ...fault, id: 2n } });
  await first.keep({ faultGone: 1n });
  await first.close();
  // Once with the journal as it was written, once as it was compacted.
  for (let start = 0; start < 2; start++) {
    const later = await open(fileStore(path));
    assert.equal(later.seed, 'mine');
    assert.deepEqual(later.templates(), first.templates());
    assert.deepEqual(later.orders(), first.orders());
    assert.deepEqual(later.order(16002n)?.shipment, parcel);
    assert.equal(later.orders().length, 4);
    assert.equal(later.nextOrderId(), 16003n);
    assert.deepEqual(later.asks(16002n), first.asks(16002n));
    assert.deepEqual(
      later.asks(16002n).map(({ asked, at, outcome }) => [asked, at, outcome]),
      [
        ['finish', 'then', 'done'],
        ['finish', 'again', 'repeated'],
        ['sended', parcel.at, 'done'],
      ],
    );
    const { clock, chaos, faults } = later.found ?? assert.fail();
    assert.deepEqual([clock, chaos, faults], ['late', { seed: 's', rate: '0.05' }, [{ ...fault, id: 2n }]]);
    await later.close();
  }
  assert.equal((await readFile(path, 'utf8')).trim().split('\n').length, 1 + 1 + 4 + 3 + 1 + 1 + 1);
});

test('only the owner can read the file, which names receivers', async () => {
  const path = join(folder, 'private.json');
  const ledger = await open(fileStore(path));
  await ledger.addTemplate(template);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await ledger.close();
});

test('the file holds every change that was acknowledged, also when many are made at once', async () => {
  const path = join(folder, 'many.json');
  const ledger = await open(fileStore(path));
  let acknowledged = 0;
  await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      await ledger.addOrder(orderOf(BigInt(index + 1)));
      acknowledged++;
      if (index % 50 !== 0) return;
      assert.ok((await ordersIn(path)).has(String(index + 1)));
    }),
  );
  assert.equal(acknowledged, 200);
  assert.equal((await ordersIn(path)).size, 200);
  await ledger.close();
});

test('a failed write is told to who waits for it, and the next one carries it along', async () => {
  const place = join(folder, 'missing');
  const path = join(place, 'state.json');
  await mkdir(place);
  const ledger = await open(fileStore(path));
  await rm(place, { recursive: true });
  await assert.rejects(ledger.addOrder(orderOf(1n)), { code: 'ENOENT' });
  await assert.rejects(ledger.finish(1n, 'now'), { code: 'ENOENT' });
  // A repeat must not be told "done" while the first call's effect is still not durable.
  await assert.rejects(ledger.finish(1n, 'now'), { code: 'ENOENT' });
  await mkdir(place);
  assert.equal(await ledger.finish(1n, 'now'), 'repeated');
  await ledger.close();
  const later = await open(fileStore(path));
  assert.equal(later.order(1n)?.finishedAt, 'now');
  assert.equal(later.asks(1n).length, 3);
  await later.close();
});

test('a torn last line is dropped, wherever it was torn; what was acknowledged before it stays', async () => {
  const path = join(folder, 'torn.json');
  const ledger = await open(fileStore(path), 'mine');
  await ledger.addTemplate(template);
  await ledger.addOrder(orderOf(1n));
  await ledger.addOrder(orderOf(2n));
  await ledger.close();
  const whole = await readFile(path);
  const ends = [...whole.entries()].flatMap(([at, byte]) => (byte === 10 ? [at + 1] : []));
  assert.equal(ends.length, 4);
  for (let length = 0; length <= whole.length; length++) {
    await writeFile(path, whole.subarray(0, length));
    const later = await open(fileStore(path), 'mine');
    const lines = ends.filter((end) => end <= length).length;
    assert.deepEqual(
      [later.templates().length, later.orders().length],
      [Number(lines > 1), Math.max(0, lines - 2)],
    );
    await later.addOrder(orderOf(9n));
    await later.close();
    assert.ok((await ordersIn(path)).has('9'), `torn at ${length}`);
  }
});

test('the state of a sandbox from before the journal is read, and kept as a journal from then on', async () => {
  const path = join(folder, 'old.json');
  const order = JSON.stringify(orderOf(7n), (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  await writeFile(path, `{"version":1,"seed":"mine","ownSign":"pre","templates":[],"orders":[${order}]}`);
  for (let start = 0; start < 2; start++) {
    const ledger = await openLedger(fileStore(path), { seed: undefined, defaultSeed: 'x', ownSign: 'pre' });
    assert.deepEqual([ledger.seed, ledger.orders()], ['mine', [orderOf(7n)]]);
    await ledger.close();
  }
  assert.ok((await ordersIn(path)).has('7'));
});

test('a file that is no state, of another seed, environment or version is refused with the reason', async () => {
  const path = join(folder, 'other.json');
  const ledger = await open(fileStore(path), 'mine');
  await ledger.addTemplate(template);
  await ledger.close();
  const before = await readFile(path, 'utf8');
  await assert.rejects(open(fileStore(path), 'yours'), /seed mine/);
  await assert.rejects(
    openLedger(fileStore(path), { seed: undefined, defaultSeed: 'x', ownSign: 'online' }),
    /environment daily/,
  );
  assert.equal(await readFile(path, 'utf8'), before);
  for (const [content, problem] of [
    [before.replace('"version":2', '"version":3'), /newer sandbox/],
    [before.replace('"isTest":true', '"isTest":3'), /template\.isTest/],
    [before.replace('"cardName"', 'cardName'), /other\.json: line 2 should be JSON/],
    [before.split('\n')[1] + '\n', /line 1 does not belong there/],
    [before + before, /line 3 does not belong there/],
    ['{"version":2,"seed":"a"}', /should be/],
    ['# notes of mine', /JSON of a sandbox/],
    ['import x;\nfoo', /other\.json: line 1 should be JSON/],
  ] as const) {
    await writeFile(path, content);
    await assert.rejects(open(fileStore(path)), problem);
    assert.equal(await readFile(path, 'utf8'), content, 'a refused file is left alone');
  }
});

test('two sandboxes never share a file; the lock of a dead process is no hindrance', async () => {
  const path = join(folder, 'shared.json');
  const flag = (rest: string): string => `${path}.lock.${rest}`;
  const first = await open(fileStore(path));
  await assert.rejects(open(fileStore(path)), /used by another sandbox \(process \d+\)/);
  await first.close();
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  for (const stale of [`${gone}-x.0-1`, `${gone}-0123abcd.77-1`, `${process.pid}-0123abcd.1-99`, 'notes'])
    await writeFile(flag(stale), '');
  for (let round = 0; round < 10; round++) {
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => open(fileStore(path))));
    const opened = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    assert.ok(opened.length <= 1, `${opened.length} at once`);
    for (const { value } of opened) await value.close();
  }
  const last = await open(fileStore(path));
  await last.close();
  const left = (await readdir(folder)).filter((name) => name.startsWith('shared.json.lock.'));
  assert.deepEqual(left, ['shared.json.lock.notes']);
  await writeFile(flag('1-x.0-1'), '');
  await assert.rejects(open(fileStore(path)), /process 1\)/);
});

test('finish and ship take effect once, in order', async () => {
  const ledger = await open(memoryStore());
  await ledger.addOrder(orderOf(1n));
  assert.equal(await ledger.finish(2n, 'now'), 'unknown-order');
  assert.equal(await ledger.ship(2n, parcel), 'unknown-order');
  assert.equal(await ledger.ship(1n, parcel), 'not-finished');
  assert.equal(await ledger.finish(1n, 'now'), 'done');
  assert.equal(await ledger.finish(1n, 'later'), 'repeated');
  assert.equal(await ledger.ship(1n, parcel), 'done');
  assert.equal(await ledger.ship(1n, { ...parcel, at: 'later' }), 'repeated');
  assert.equal(await ledger.ship(1n, { ...parcel, logisticsOrderId: 'SF2' }), 'other-shipment');
  assert.equal(ledger.order(1n)?.finishedAt, 'now');
  assert.deepEqual(ledger.order(1n)?.shipment, parcel);
});

test('ids and template numbers are given once', async () => {
  const ledger = await open(memoryStore());
  assert.equal(ledger.nextOrderId(), 16002n);
  assert.equal(await ledger.addOrder(orderOf(16002n)), true);
  assert.equal(await ledger.addOrder(orderOf(16002n)), false);
  await ledger.addOrder(orderOf(16003n));
  assert.equal(ledger.nextOrderId(), 16004n);
  assert.equal(await ledger.addTemplate(template), true);
  assert.equal(await ledger.addTemplate({ ...template }), true);
  assert.equal(await ledger.addTemplate({ ...template, cardName: 'other' }), false);
  assert.equal(ledger.templates().length, 1);
});
