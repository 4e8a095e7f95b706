import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/db/embedded/start.ts';
import { type Migration, MigrationRefusal, migrate } from '../../src/db/migrate.ts';
import { createPool } from '../../src/db/pool.ts';
import { inTransaction, TransactionAborted } from '../../src/db/transaction.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'cardwright-db-'));
let server: EmbeddedPostgres;
before(async () => {
  server = await startEmbeddedPostgres({ dataDir });
});
after(async () => {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const open = (database: string) =>
  createPool({ ...server.connection, database }, { applicationName: 'test', maxConnections: 2 });

async function freshDatabase(name: string): Promise<ReturnType<typeof open>> {
  const admin = open('cardwright');
  await admin.query(`create database ${name}`);
  await admin.end();
  return open(name);
}

const step = (version: number, sql: string): Migration => ({
  version,
  name: `${version}.sql`,
  sql,
  checksum: sql,
});
const steps = [
  step(1, 'create table counted (n int); insert into counted values (1)'),
  step(2, 'update counted set n = n + 1'),
  step(3, 'update counted set n = n * 10'),
];

test('20 migrators at once apply each step once', async () => {
  const first = await freshDatabase('many');
  const pools = [first, ...Array.from({ length: 19 }, () => open('many'))];
  const results = await Promise.all(pools.map((pool) => migrate(pool, steps)));
  assert.equal(results.flatMap(({ applied }) => applied).length, steps.length);
  assert.deepEqual((await first.query('select n from counted')).rows, [{ n: 20 }]);
  await Promise.all(pools.map((pool) => pool.end()));
});

test('a changed file and a newer schema are refused, a failing step leaves nothing', async () => {
  const pool = await freshDatabase('careful');
  await migrate(pool, steps);
  await assert.rejects(migrate(pool, steps.with(1, step(2, 'select 1'))), MigrationRefusal);
  await assert.rejects(migrate(pool, steps.slice(0, 2)), MigrationRefusal);
  await assert.rejects(
    migrate(pool, [...steps, step(4, 'create table half (n int); select 1 / 0')]),
    /division by zero/,
  );
  assert.equal((await pool.query("select to_regclass('half') as half")).rows[0]?.half, null);
  await pool.end();
});

test('the database is UTF-8, flushes to disk and listens on no port', async () => {
  const pool = open('cardwright');
  const { rows } = await pool.query(
    "select current_setting('server_encoding') as encoding, current_setting('fsync') as fsync, current_setting('listen_addresses') as listens, 9007199254740993::bigint as id",
  );
  assert.deepEqual(rows[0], { encoding: 'UTF8', fsync: 'on', listens: '', id: 9007199254740993n });
  await pool.end();
});

test('a COMMIT that the server answers with ROLLBACK is no success', async () => {
  const pool = open('cardwright');
  await assert.rejects(
    inTransaction(pool, async (client) => {
      await client.query('select 1 / 0').catch(() => {});
    }),
    TransactionAborted,
  );
  await pool.end();
});

test('the pool survives kill -9 of the server, which comes back by itself', async () => {
  const pool = open('cardwright');
  await pool.query('select 1');
  process.kill(server.pid, 'SIGKILL');
  const startedAt = performance.now();
  for (;;) {
    try {
      await pool.query('select 1');
      break;
    } catch {
      assert.ok(performance.now() - startedAt < 10_000, 'the server did not come back');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  await pool.end();
});

test('a folder in use is refused, in words', async () => {
  await assert.rejects(startEmbeddedPostgres({ dataDir }), (error: Error) => {
    assert.match(error.message, /in use/);
    assert.ok(error.message.includes(dataDir));
    return true;
  });
});
