import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
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

test('everything survives a restart, ids beyond 2^53 too', async () => {
  const path = join(folder, 'restart.json');
  const first = await open(fileStore(path), 'mine');
  await first.addTemplate(template);
  for (const id of [16002n, 9007199254740992n, 9007199254740993n, 2n ** 63n - 1n])
    await first.addOrder(orderOf(id));
  await first.noteMakerAnswer(16002n, { at: 'now', accepted: true, makingCardNo: 'N1' });
  await first.finish(16002n, 'then');
  await first.ship(16002n, parcel);
  await first.noteReceipt(16002n, 'later');
  const second = await open(fileStore(path));
  assert.equal(second.seed, 'mine');
  assert.deepEqual(second.templates(), first.templates());
  assert.deepEqual(second.orders(), first.orders());
  assert.deepEqual(second.order(16002n)?.shipment, parcel);
  assert.equal(second.orders().length, 4);
  assert.equal(second.nextOrderId(), 16003n);
});

test('only the owner can read the file, which names receivers', async () => {
  const path = join(folder, 'private.json');
  await (await open(fileStore(path))).addTemplate(template);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
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
      const held = JSON.parse(await readFile(path, 'utf8')).orders.length;
      assert.ok(held >= 1 && held <= 200);
    }),
  );
  assert.equal(acknowledged, 200);
  assert.equal(JSON.parse(await readFile(path, 'utf8')).orders.length, 200);
});

test('a failed write is told to who waits for it, and the next one can succeed', async () => {
  const path = join(folder, 'missing', 'state.json');
  const ledger = await open(fileStore(path));
  await assert.rejects(ledger.addOrder(orderOf(1n)), { code: 'ENOENT' });
  await assert.rejects(ledger.finish(1n, 'now'), { code: 'ENOENT' });
  // A repeat must not be told "done" while the first call's effect is still not durable.
  await assert.rejects(ledger.finish(1n, 'now'), { code: 'ENOENT' });
});

test('a file that is no state, of another seed, environment or version is refused with the reason', async () => {
  const path = join(folder, 'other.json');
  await (await open(fileStore(path), 'mine')).addTemplate(template);
  await assert.rejects(open(fileStore(path), 'yours'), /seed mine/);
  await assert.rejects(
    openLedger(fileStore(path), { seed: undefined, defaultSeed: 'x', ownSign: 'online' }),
    /environment daily/,
  );
  const good = await readFile(path, 'utf8');
  await writeFile(path, good.replace('"version":1', '"version":2'));
  await assert.rejects(open(fileStore(path)), /newer sandbox/);
  await writeFile(path, good.slice(0, -5));
  await assert.rejects(open(fileStore(path)), /other\.json.*should be JSON/);
  await writeFile(path, good.replace('"templateNo":"T1"', '"templateNo":7.5'));
  await writeFile(path, good.replace('"isTest":true', '"isTest":3'));
  await assert.rejects(open(fileStore(path)), /templates\[0\]\.isTest/);
  await chmod(path, 0o600);
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
