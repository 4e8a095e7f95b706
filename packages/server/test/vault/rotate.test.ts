import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import type { Pool } from 'pg';
import { sqlState } from '../../src/db/server-error.ts';
import { keyProvider } from '../../src/vault/key-provider.ts';
import { findForeignKeys, keyUsage } from '../../src/vault/key-usage.ts';
import { openCards, openReceiver } from '../../src/vault/open.ts';
import { type RotationOptions, rotateVault } from '../../src/vault/rotate.ts';
import { openVault, type Vault } from '../../src/vault/vault.ts';
import { type TestDatabase, testDatabase } from '../postgres.ts';
import {
  fileVault,
  fixedVault,
  receiver,
  scratchFolder,
  someCards,
  storeCards,
  storeOrder,
  transactionOn,
} from './fixture.ts';

const options: RotationOptions = { actor: 'tester', noticeMs: 0, batchSize: 4 };
const ownerOf = (id: number) => ({ environment: 'daily', cardOrderId: BigInt(id) }) as const;

interface Stored extends TestDatabase {
  readonly path: string;
  readonly vault: Vault;
  readonly orders: number;
}

async function storedOrders(t: TestContext, orders: number): Promise<Stored> {
  const database = await testDatabase(t);
  const path = join(scratchFolder(t), 'vault.key');
  const vault = await fileVault(path);
  for (let id = 1; id <= orders; id++) await storeWhole(database.pool, vault, id);
  return { ...database, path, vault, orders };
}

async function storeWhole(pool: Pool, vault: Vault, id: number): Promise<void> {
  await storeOrder(pool, vault, ownerOf(id));
  await storeCards(pool, vault, ownerOf(id), 1, someCards(2, `${id}-`));
}

/** Opens everything; throws where anything does not. */
async function openEverything(pool: Pool, vault: Vault, ids: Iterable<number>): Promise<void> {
  for (const id of ids) {
    const opening = { ...ownerOf(id), actor: 'tester', purpose: 'test' };
    const opened = await openReceiver(vault, transactionOn(pool), opening);
    assert.ok(opened.ok && opened.receiver.reveal() === receiver, `receiver ${id}`);
    const cards = await openCards(vault, transactionOn(pool), opening);
    assert.ok(cards.ok, `cards ${id}`);
    for await (const page of cards.pages)
      assert.equal(page[1]?.secrets.reveal().cardNo, `${id}-${'1'.padStart(12, '0')}`);
  }
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

async function actionsOf(pool: Pool): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ action: string; n: bigint }>(
    "select action, count(*) as n from audit_event where action like 'vault.%' and action <> 'vault.opened' group by 1",
  );
  return Object.fromEntries(rows.map((row) => [row.action, Number(row.n)]));
}

test('a rotation wraps everything anew, pages untouched, and what duplicates are known by stays', async (t) => {
  const { pool, vault, path, orders } = await storedOrders(t, 10);
  const before = {
    keyId: vault.keyId,
    print: vault.fingerprint('a'),
    mac: vault.cardNumberMac('daily', '6'),
  };
  const pages = await pool.query('select sealed, nonce from card_page order by card_order_id');
  const progress: number[] = [];
  const outcome = await rotateVault(pool, vault, {
    ...options,
    onProgress: ({ dataKeys, receivers }) => progress.push(dataKeys + receivers),
  });
  assert.ok(outcome.ok);
  const { keyId, ...counts } = outcome;
  assert.deepEqual(counts, {
    ok: true,
    addedKey: true,
    dataKeys: 10,
    receivers: 10,
    unopened: 0,
    stopped: false,
    dropped: [],
  });
  assert.notEqual(keyId, before.keyId);
  assert.deepEqual(progress, [4, 8, 10, 14, 18, 20]);
  assert.deepEqual(
    (await keyUsage(pool)).map((use) => [use.keyId, use.dataKeys, use.receivers]),
    [[keyId, 10n, 10n]],
  );
  assert.deepEqual(
    (await pool.query('select sealed, nonce from card_page order by card_order_id')).rows,
    pages.rows,
  );
  assert.deepEqual(await actionsOf(pool), {
    'vault.key-added': 1,
    'vault.rewrapped': 6,
    'vault.rotated': 1,
  });
  const reopened = await fileVault(path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(reopened.fingerprint('a'), before.print);
  assert.deepEqual(reopened.cardNumberMac('daily', '6'), before.mac);
  await openEverything(pool, reopened, numbers(orders));
});

test('others seal and open all the while, with a vault that learns of the rotation by itself', async (t) => {
  const { pool, openPool, vault, path, orders } = await storedOrders(t, 20);
  const others = openPool({ maxConnections: 2 });
  const running = await fileVault(path);
  let [sealed, done] = [orders, false];
  const work = (async () => {
    while (!done || sealed < orders + 20) {
      sealed += 1;
      await storeWhole(others, running, sealed);
      await openEverything(others, running, [1 + (sealed % orders), sealed]);
    }
  })();
  for (let round = 0; round < 3; round++) {
    const outcome = await rotateVault(pool, vault, { ...options, dropOld: round === 2, noticeMs: 1_200 });
    assert.ok(outcome.ok && outcome.unopened === 0);
  }
  done = true;
  await work;
  assert.deepEqual(vault.keyIds, [vault.keyId]);
  await openEverything(pool, await fileVault(path), numbers(sealed));
});

test('a rotation that was killed is taken up with the same key', async (t) => {
  const { pool, connectionString, vault, path, orders } = await storedOrders(t, 30);
  const script = join(import.meta.dirname, 'rotating.fixture.ts');
  for (const lines of [1, 4]) {
    await untilUnlocked(pool);
    const child = spawn(process.execPath, [script, connectionString, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let seen = 0;
    for await (const _ of createInterface({ input: child.stdout })) if (++seen === lines) break;
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    const wrappedBy = (await keyUsage(pool)).map((use) => use.keyId);
    assert.equal(wrappedBy.length, 2, 'killed in the middle');
    await openEverything(pool, vault, numbers(orders));
  }
  await untilUnlocked(pool);
  const outcome = await rotateVault(pool, vault, options);
  assert.ok(outcome.ok);
  assert.equal(outcome.addedKey, false);
  assert.equal(vault.keyIds.length, 2, 'both runs worked for one new key');
  assert.deepEqual(
    (await keyUsage(pool)).map((use) => [use.keyId, use.dataKeys, use.receivers]),
    [[outcome.keyId, 30n, 30n]],
  );
  await openEverything(pool, vault, numbers(orders));
});

async function untilUnlocked(pool: Pool): Promise<void> {
  for (;;) {
    const { rowCount } = await pool.query("select from pg_stat_activity where application_name = 'rotating'");
    if (rowCount === 0) return;
  }
}

test('two rotations at once: the second is refused', async (t) => {
  const { pool, vault, path } = await storedOrders(t, 2);
  const outcomes = await Promise.all([
    rotateVault(pool, vault, { ...options, noticeMs: 200 }),
    rotateVault(pool, await fileVault(path), { ...options, noticeMs: 200 }),
  ]);
  assert.deepEqual(outcomes.map((outcome) => outcome.ok).sort(), [false, true]);
  assert.equal(vault.keyIds.length <= 2, true);
});

test('stopped between batches, it says so and the next one goes on', async (t) => {
  const { pool, vault } = await storedOrders(t, 10);
  const stop = new AbortController();
  const first = await rotateVault(pool, vault, {
    ...options,
    signal: stop.signal,
    onProgress: () => stop.abort(),
  });
  assert.ok(first.ok && first.stopped);
  assert.equal(first.dataKeys + first.receivers, 4);
  const second = await rotateVault(pool, vault, options);
  assert.ok(second.ok && !second.stopped && !second.addedKey);
  assert.equal(second.dataKeys + second.receivers, 16);
});

test('old keys are dropped from the file; a process that missed it can wrap nothing with them', async (t) => {
  const { pool, vault, path, orders } = await storedOrders(t, 3);
  const stale = await fixedRing(path);
  const oldKey = vault.keyId;
  const outcome = await rotateVault(pool, vault, { ...options, dropOld: true });
  assert.ok(outcome.ok);
  assert.deepEqual(outcome.dropped, [oldKey]);
  assert.deepEqual(vault.keyIds, [outcome.keyId]);
  assert.equal(readFileSync(path, 'utf8').includes(oldKey), false);
  await openEverything(pool, await fileVault(path), numbers(orders));
  const isRetired = (error: unknown): boolean => sqlState(error) === 'CW004';
  await assert.rejects(storeOrder(pool, stale, ownerOf(100)), isRetired);
  await storeOrder(pool, vault, ownerOf(100));
  await assert.rejects(storeCards(pool, stale, ownerOf(100), 1, someCards(1)), isRetired);
  assert.match((await findForeignKeys(pool, stale)) ?? '', /not those/);
  assert.equal(await findForeignKeys(pool, vault), undefined);
  await pool.query(
    'delete from card; delete from card_page; delete from vault_data_key; delete from card_order',
  );
  assert.match((await findForeignKeys(pool, stale)) ?? '', /retired/);
});

/** The same keys from another place: never told of a change. */
const fixedRing = (path: string): Promise<Vault> =>
  openVault(keyProvider({ kind: 'environment', base64: readFileSync(path, 'utf8'), setting: 'TEST' }));

test('a writer that wrapped before the keys were retired, and commits after, loses nothing', async (t) => {
  const { pool, openPool, vault, path } = await storedOrders(t, 1);
  const slow = await openPool({ maxConnections: 1 }).connect();
  await slow.query('begin');
  const sealed = (await fixedRing(path)).seal({ ...ownerOf(50), column: 'receiver' }, receiver);
  await slow.query(
    `insert into card_order (environment, card_order_id, making_card_no, content_fingerprint, lines, card_count,
       receiver_key_id, receiver_wrapped_key, receiver_sealed) values ('daily', 50, 'X', '', '[]', 1, $1, $2, $3)`,
    [sealed.keyId, sealed.wrappedKey, sealed.sealed],
  );
  const rotation = rotateVault(pool, vault, { ...options, dropOld: true });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await slow.query('commit');
  slow.release();
  const outcome = await rotation;
  assert.ok(outcome.ok && outcome.dropped.length === 1);
  const opened = await openReceiver(vault, transactionOn(pool), {
    ...ownerOf(50),
    actor: 'tester',
    purpose: 'test',
  });
  assert.ok(opened.ok && opened.receiver.reveal() === receiver);
});

test('what does not open stays as it is, is counted, and keeps its key in the ring', async (t) => {
  const { pool, vault } = await storedOrders(t, 3);
  await pool.query(
    'update vault_data_key set wrapped_key = set_bit(wrapped_key, 9, 1 - get_bit(wrapped_key, 9)) where card_order_id = 2',
  );
  const damaged = await pool.query('select * from vault_data_key where card_order_id = 2');
  const outcome = await rotateVault(pool, vault, { ...options, dropOld: true });
  assert.ok(outcome.ok);
  assert.deepEqual([outcome.unopened, outcome.dropped, vault.keyIds.length], [1, [], 2]);
  assert.deepEqual(
    (await pool.query('select * from vault_data_key where card_order_id = 2')).rows,
    damaged.rows,
  );
});

test('keys from the environment are rotated by a person', async (t) => {
  const { pool } = await testDatabase(t);
  assert.deepEqual(await rotateVault(pool, await fixedVault(1), options), { ok: false, why: 'fixed-ring' });
});
