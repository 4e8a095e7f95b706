import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pool } from 'pg';
import { addMissingJobs } from '../../src/card-order/missing-jobs.ts';
import type { FetchedJobs } from '../../src/card-order/operate.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { sweepTask } from '../../src/jobs/sweep.ts';
import { createLog } from '../../src/log.ts';
import type { Transaction } from '../../src/work.ts';
import { testDatabase } from '../postgres.ts';

const fetchedJobs: FetchedJobs = ({ environment, cardOrderId }) => [
  { task: 'watch-cards', payload: {}, key: `watch:${environment}:${cardOrderId}` },
];

interface Row {
  readonly state: string;
  readonly test?: boolean;
  readonly finish?: boolean;
  readonly sended?: boolean;
  readonly heldFrom?: string;
}

async function insertOrder(pool: Pool, id: number, row: Row): Promise<void> {
  await pool.query(
    `insert into card_order (environment, card_order_id, making_card_no, content_fingerprint, lines, card_count, state,
       is_test, hold_reason, held_from, finish_reported_at, sended_reported_at)
     values ('daily', $1::bigint, 'CWD' || $1::text, '\\x00', '[]', 1, $2, $3, $4, $5, $6, $7)`,
    [
      id,
      row.state,
      row.state === 'received' ? null : row.test === true,
      row.heldFrom === undefined ? null : 'leak-alarm',
      row.heldFrom ?? null,
      row.finish === true ? new Date() : null,
      row.sended === true ? new Date() : null,
    ],
  );
}

const keysIn = async (pool: Pool): Promise<string[]> =>
  (await pool.query<{ key: string }>('select key from graphile_worker.jobs order by key')).rows.map(
    ({ key }) => key,
  );

test('every order that waits for nobody has its jobs again, and no other', async (t) => {
  const { pool } = await testDatabase(t);
  const transaction: Transaction = (work) => inTransaction(pool, work);
  const reported = { finish: true, sended: true };
  const rows: [Row, string[]][] = [
    [{ state: 'received' }, ['daily:1']],
    [{ state: 'planned' }, ['fetch-cards:daily:2']],
    [{ state: 'cards_fetched' }, ['watch:daily:3']],
    [{ state: 'in_production' }, ['watch:daily:4']],
    [{ state: 'made' }, ['report-finish:daily:5', 'watch:daily:5']],
    [{ state: 'made', finish: true }, ['watch:daily:6']],
    [{ state: 'made', test: true }, ['report-finish:daily:7']],
    [{ state: 'made', test: true, finish: true }, ['advance-test-order:daily:8']],
    [{ state: 'dispatched' }, ['report-finish:daily:9']],
    [{ state: 'dispatched', finish: true }, ['report-sended:daily:10']],
    [{ state: 'closed', finish: true }, ['report-sended:daily:11']],
    [{ state: 'dispatched', ...reported }, []],
    [{ state: 'closed', ...reported }, []],
    [{ state: 'test_done', test: true, ...reported }, []],
    [{ state: 'cancelled' }, []],
    [{ state: 'held', heldFrom: 'planned' }, []],
  ];
  for (const [index, [row]] of rows.entries()) await insertOrder(pool, index + 1, row);
  const healed = await addMissingJobs(transaction, fetchedJobs);
  assert.deepEqual(await keysIn(pool), rows.flatMap(([, keys]) => keys).sort());
  assert.equal(healed.length, 11);
  assert.deepEqual(await addMissingJobs(transaction, fetchedJobs), [], 'the second time all is well');

  await pool.query(
    "delete from graphile_worker._private_jobs where key in ('daily:1', 'fetch-cards:daily:2')",
  );
  await pool.query(
    `insert into parked_job (task, payload, job_key, attempts, cause)
     values ('plan-card-order', '{}', 'daily:1', 12, 'x')`,
  );
  const again = await addMissingJobs(transaction, fetchedJobs);
  assert.deepEqual(again, [{ environment: 'daily', cardOrderId: 2n }], 'what is parked waits for a person');
});

test('all pages of orders are looked at', async (t) => {
  const { pool } = await testDatabase(t);
  await pool.query(
    `insert into card_order (environment, card_order_id, making_card_no, content_fingerprint, lines, card_count)
     select 'daily', n, 'CWD' || n, '\\x00', '[]', 1 from generate_series(1, 1201) n`,
  );
  const healed = await addMissingJobs((work) => inTransaction(pool, work), fetchedJobs);
  assert.equal(healed.length, 1_201);
  assert.equal((await keysIn(pool)).length, 1_201);
});

test('orders that are over cost the sweep nothing', async (t) => {
  const { pool } = await testDatabase(t);
  await pool.query(
    `insert into card_order (environment, card_order_id, making_card_no, content_fingerprint, lines, card_count, state,
       is_test, finish_reported_at, sended_reported_at)
     select 'daily', n, 'CWD' || n, '\\x00', '[]', 1, 'closed', false, now(), now() from generate_series(1, 50000) n`,
  );
  await pool.query('vacuum analyze card_order');
  const reads = async (): Promise<number> => {
    const { rows } = await pool.query<{ n: number }>(
      "select (pg_stat_get_tuples_returned('card_order'::regclass) + coalesce(sum(idx_tup_read), 0))::int as n from pg_stat_user_indexes where relname = 'card_order'",
    );
    return rows[0]?.n ?? 0;
  };
  const settle = (): Promise<unknown> => pool.query('select pg_stat_force_next_flush()');
  await settle();
  const before = await reads();
  assert.deepEqual(await addMissingJobs((work) => inTransaction(pool, work), fetchedJobs), []);
  await settle();
  const after = await reads();
  assert.ok(after - before < 100, `${after - before} rows were read`);
});

test('jobs that the engine gave up get a last turn, and what lies about goes', async (t) => {
  const { pool } = await testDatabase(t);
  const transaction: Transaction = (work) => inTransaction(pool, work);
  await pool.query(
    "select graphile_worker.add_job('spent', job_key := 'spent'), graphile_worker.add_job('replaced')",
  );
  await pool.query(
    `update graphile_worker._private_jobs set attempts = max_attempts, last_error = case key when 'spent' then 'x' end`,
  );
  const signal = new AbortController().signal;
  await sweepTask(fetchedJobs, createLog('silent')).run({}, { transaction, attempt: 1, signal });
  const { rows } = await pool.query('select key, attempts, max_attempts from graphile_worker.jobs');
  assert.deepEqual(rows, [{ key: 'spent', attempts: 24, max_attempts: 25 }]);
});
