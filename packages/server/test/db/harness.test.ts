import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrationsFolder, readMigrations } from '../../src/db/migrate.ts';
import { testDatabase } from '../postgres.ts';

test('each test gets an empty database with the schema of the product and of the job engine', async (t) => {
  const { pool } = await testDatabase(t);
  const { rows } = await pool.query('select count(*) as applied from schema_migrations');
  assert.deepEqual(rows, [{ applied: BigInt(readMigrations(migrationsFolder).length) }]);
  const engine = await pool.query("select to_regclass('graphile_worker.jobs') is not null as there");
  assert.deepEqual(engine.rows, [{ there: true }]);
  await pool.query('create table mine (id int)');
});

test('what one test writes, another does not see', async (t) => {
  const { pool } = await testDatabase(t);
  const { rows } = await pool.query("select to_regclass('mine') as found");
  assert.deepEqual(rows, [{ found: null }]);
});
