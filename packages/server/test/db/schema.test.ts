import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Pool } from 'pg';
import { MigrationRefusal, migrate, readMigrations } from '../../src/db/migrate.ts';
import { describeSchema } from '../../src/db/schema-catalog.ts';
import { testDatabase } from '../postgres.ts';

async function describe(pool: Pool): Promise<string> {
  const client = await pool.connect();
  try {
    return await describeSchema(client);
  } finally {
    client.release();
  }
}

test('each kind of change to the schema changes its description, and undoing it restores the text', async (t) => {
  const { pool } = await testDatabase(t);
  await pool.query(`create table thing (id bigint primary key, word text not null default 'a' check (word <> ''), gone int);
    create function touch() returns trigger language plpgsql as $$ begin return new; end $$`);
  const before = await describe(pool);
  const changes = [
    ['alter table thing add extra int', 'alter table thing drop extra'],
    ["alter table thing alter word set default 'b'", "alter table thing alter word set default 'a'"],
    ['alter table thing alter word drop not null', 'alter table thing alter word set not null'],
    ['alter table thing alter gone type bigint', 'alter table thing alter gone type int'],
    [
      'alter table thing add constraint short check (length(word) < 9)',
      'alter table thing drop constraint short',
    ],
    ['create index by_word on thing (word) where gone is null', 'drop index by_word'],
    [
      'create trigger touched before update on thing for each row execute function touch()',
      'drop trigger touched on thing',
    ],
    ["create type mood as enum ('good')", 'drop type mood'],
    ['create domain fen as bigint check (value >= 0)', 'drop domain fen'],
    ['create view words as select word from thing', 'drop view words'],
    ['create sequence counter increment 2', 'drop sequence counter'],
    ['create schema annex', 'drop schema annex'],
    ['alter table thing set (fillfactor = 50)', 'alter table thing reset (fillfactor)'],
    ['create policy mine on thing using (id > 0)', 'drop policy mine on thing'],
    ['create table part (id int) partition by range (id)', 'drop table part'],
    [
      'create or replace function touch() returns trigger language plpgsql as $$ begin return null; end $$',
      'create or replace function touch() returns trigger language plpgsql as $$ begin return new; end $$',
    ],
  ];
  for (const [change = '', undo = ''] of changes) {
    await pool.query(change);
    assert.notEqual(await describe(pool), before, change);
    await pool.query(undo);
    assert.equal(await describe(pool), before, undo);
  }
});

test('the description tells the same whatever the search path and the order of creation', async (t) => {
  const [one, two] = [await testDatabase(t), await testDatabase(t)];
  await one.pool.query('create table b (n int); create table a (n int)');
  await two.pool.query(
    'set search_path = pg_catalog; create table public.a (n int); create table public.b (n int)',
  );
  assert.equal(await describe(one.pool), await describe(two.pool));
});

test('migration files must be numbered without a gap or a clash; line ends make no difference', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cardwright-migrations-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, '0001_first.sql'), 'select 1;\nselect 2;\n');
  const [unix] = readMigrations(folder);
  writeFileSync(join(folder, '0001_first.sql'), 'select 1;\r\nselect 2;\r\n');
  assert.deepEqual(readMigrations(folder), [unix]);
  writeFileSync(join(folder, '0001_rival.sql'), '');
  assert.throws(() => readMigrations(folder), /0001_rival\.sql should be number 2/);
  rmSync(join(folder, '0001_rival.sql'));
  writeFileSync(join(folder, '0003_third.sql'), '');
  assert.throws(() => readMigrations(folder), /should be number 2/);
});

test('a migration that ends its own transaction is found out; a damaged record is refused', async (t) => {
  const { pool } = await testDatabase(t);
  const known = readMigrations();
  const next = { version: known.length + 1, name: 'next.sql', checksum: 'x' };
  await assert.rejects(
    migrate(pool, [...known, { ...next, sql: 'select 1; commit; begin' }]),
    /must not hold COMMIT/,
  );
  await assert.rejects(
    migrate(pool, [...known, { ...next, sql: 'select 1;\n\nselect wrong' }]),
    /next\.sql failed: .*line 3/,
  );
  await pool.query('update schema_migrations set version = 500 where version = 1');
  await assert.rejects(migrate(pool), MigrationRefusal);
});
