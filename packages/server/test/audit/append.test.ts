import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { appendAudit } from '../../src/audit/append.ts';
import { migrate, readMigrations } from '../../src/db/migrate.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { testDatabase } from '../postgres.ts';
import { openLog, wordsOf } from './log.ts';

const connections = 24;

test('fewer than 32 transactions never wait for a chain, whether they lock orders before or after', async (t) => {
  const { openPool } = await testDatabase(t);
  const pool = openPool({ maxConnections: connections });
  await pool.query('create table thing as select n as id from generate_series(0, 3) as n');
  const someTransaction = fc.record({ id: fc.nat(3), order: fc.constantFrom('lock first', 'append first') });
  const drawn = fc.sample(someTransaction, 600);
  // Without retries: a deadlock would be an error.
  await Promise.all(
    drawn.map(({ id, order }) =>
      inTransaction(pool, async (client) => {
        const lock = () => client.query('select from thing where id = $1 for update', [id]);
        const append = () => appendAudit(client, [{ actor: 'a', action: 'b' }]);
        if (order === 'lock first') await lock();
        await append();
        if (order === 'append first') await lock();
        await append();
      }),
    ),
  );
  const { rows } = await pool.query<{ events: bigint; ends: bigint }>(
    'select (select count(*) from audit_event) as events, (select sum(last_seq) from audit_chain)::bigint as ends',
  );
  assert.deepEqual(rows, [{ events: 1_200n, ends: 1_200n }]);
});

test('a chain is taken until the transaction ends; another transaction takes another', async (t) => {
  const { pool } = await testDatabase(t);
  const chainOf = async (work: () => Promise<void>): Promise<bigint[]> =>
    inTransaction(pool, async (client) => {
      await appendAudit(client, [{ actor: 'a', action: 'b' }]);
      await work();
      await client.query('savepoint s');
      await appendAudit(client, [{ actor: 'a', action: 'undone' }]);
      await client.query('rollback to s');
      await appendAudit(client, [{ actor: 'a', action: 'c', detail: { 卡: '面额' } }]);
      const { rows } = await client.query<{ chain: bigint }>(
        'select distinct chain_no::bigint as chain from audit_event where xmin = pg_current_xact_id()::xid',
      );
      return rows.map(({ chain }) => chain);
    });
  let inner: bigint[] = [];
  const outer = await chainOf(async () => {
    inner = await chainOf(async () => undefined);
  });
  assert.deepEqual([outer.length, inner.length], [1, 1]);
  assert.notDeepEqual(outer, inner);
  const { rows } = await pool.query('select from audit_event');
  assert.equal(rows.length, 4);
});

test('events from before there were chains are chained in their order when the schema is brought up to date', async (t) => {
  const log = await openLog(t);
  await log.pool.query('drop schema public cascade; create schema public');
  const migrations = readMigrations();
  await migrate(log.pool, migrations.slice(0, 1));
  await log.pool.query(
    `insert into audit_event (actor, action, environment, card_order_id, detail)
     select 'platform', 'order.accepted', 'daily', n, jsonb_build_object('卡', n) from generate_series(1, 50) n`,
  );
  await migrate(log.pool, migrations);
  await inTransaction(log.pool, (client) => appendAudit(client, [{ actor: 'a', action: 'b' }]));
  const found = await log.verify();
  assert.deepEqual([wordsOf(found), found.events], [[], 51]);
  const { rows } = await log.pool.query(
    'select from audit_event where chain_no = 0 and chain_seq = audit_event_id',
  );
  assert.ok(rows.length >= 50);
});
