import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { testDatabase } from '../postgres.ts';

test('bigint arrives as BigInt and date as text, for this pool alone', async (t) => {
  const { pool, openPool, connectionString } = await testDatabase(t);
  const sql = `select 9007199254740993::bigint as one, array[9007199254740992, null, -1]::bigint[] as many,
    '2026-02-28'::date as day, 1.10::numeric as amount`;
  const row = {
    one: 9007199254740993n,
    many: [9007199254740992n, null, -1n],
    day: '2026-02-28',
    amount: '1.10',
  };
  assert.deepEqual((await pool.query(sql)).rows, [row]);
  const engine = await openPool({ int8: 'string' }).query('select 9007199254740993::bigint as one');
  assert.deepEqual(engine.rows, [{ one: '9007199254740993' }]);
  const foreign = new pg.Client({ connectionString });
  await foreign.connect();
  const { rows } = await foreign.query('select 1::bigint as one');
  await foreign.end();
  assert.deepEqual(rows, [{ one: '1' }]);
});

test('errors of the server carry no row values, and still say what was wrong', async (t) => {
  const { pool } = await testDatabase(t);
  await pool.query('create table canary_card (card_no text constraint card_once unique, n int)');
  await pool.query("insert into canary_card values ('canary')");
  const copy = "do $$ begin execute 'insert into canary_card (n) select ''canary''::text::int'; end $$";
  const cases: [string, unknown[], string][] = [
    ['insert into canary_card values ($1)', ['canary'], '23505'],
    ['select $1::int', ['canary'], '22P02'],
    ["select 'canary \" canary'::date", [], '22007'],
    ['select \'{"canary": canary}\'::jsonb', [], '22P02'],
    [copy, [], '22P02'],
  ];
  for (const [sql, values, code] of cases) {
    const error = await pool.query(sql, values).then(
      () => assert.fail('should fail'),
      (thrown: Error) => thrown,
    );
    assert.equal((error as { code?: string }).code, code);
    const everything = Object.getOwnPropertyNames(error).map((name) => String((error as never)[name]));
    assert.doesNotMatch(everything.join('\n'), /canary(?!_card)/);
  }
  await assert.rejects(pool.query("insert into canary_card values ('canary')"), {
    constraint: 'card_once',
    table: 'canary_card',
  });
});

test('a statement that takes too long is cancelled, and the connection lives on', async (t) => {
  const { openPool } = await testDatabase(t);
  const pool = openPool({ statementTimeoutMs: 100, maxConnections: 1 });
  await assert.rejects(pool.query('select pg_sleep(20)'), { code: '57014' });
  await pool.query('select 1');
  assert.equal(pool.totalCount, 1);
});

test('a connection that breaks while idle is reported, discarded and replaced', async (t) => {
  const lost: Error[] = [];
  const { pool, openPool } = await testDatabase(t);
  const watched = openPool({ maxConnections: 1, onLostConnection: (error) => lost.push(error) });
  const { rows } = await watched.query('select pg_backend_pid() as pid');
  await pool.query('select pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
  while (watched.totalCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const again = await watched.query('select pg_backend_pid() as pid');
  assert.notEqual(again.rows[0]?.pid, rows[0]?.pid);
  assert.equal(lost.length, 1);
});
