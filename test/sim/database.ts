import type { Pool } from 'pg';
import { createPool } from '../../packages/server/src/db/pool.ts';
import { clockSql } from './clock.ts';

/** A migrated database that belongs to schedules alone: emptied before each, its clock shadowed. */
export interface SimDatabase {
  readonly pool: Pool;
  /** Removes all that a schedule left. */
  empty(): Promise<void>;
}

/** Makes a database a stage for schedules. Its sessions do not wait for the disk: nothing kills the server here. */
export async function prepareSimDatabase(connectionString: string): Promise<SimDatabase> {
  const setup = createPool({ connectionString }, { applicationName: 'sim setup', maxConnections: 1 });
  try {
    await setup.query(clockSql);
    const { rows } = await setup.query<{ name: string }>('select current_database() as name');
    const name = rows[0]?.name;
    await setup.query(`alter database "${name}" set search_path = sim, pg_catalog, public`);
    await setup.query(`alter database "${name}" set synchronous_commit = off`);
  } finally {
    await setup.end();
  }
  const pool = createPool({ connectionString }, { applicationName: 'sim', maxConnections: 4 });
  const tables = await tablesOf(pool);
  let emptied = 0;
  return {
    pool,
    empty: () => empty(pool, tables, emptied++ % truncateEvery === 0 ? 'truncate' : 'delete'),
  };
}

/** To delete a few rows is faster than to truncate; now and then the dead ones have to go. */
const truncateEvery = 200;

async function tablesOf(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and (n.nspname = 'public' or (n.nspname, c.relname) = ('graphile_worker', '_private_jobs'))
       and not (c.relname = any ($1)) and c.relname not like '%migration%' order by 1`,
    [['audit_chain', 'audit_log', 'order_transition', 'platform_gate']],
  );
  return rows.map(({ name }) => name);
}

async function empty(pool: Pool, tables: readonly string[], how: 'truncate' | 'delete'): Promise<void> {
  const client = await pool.connect();
  try {
    // Without triggers: the audit log refuses to shrink, and rightly.
    const clear =
      how === 'truncate'
        ? [
            `alter table audit_event disable trigger user; alter table audit_checkpoint disable trigger user`,
            `truncate ${tables.join(', ')}`,
            `alter table audit_event enable trigger user; alter table audit_checkpoint enable trigger user`,
          ]
        : tables.map((table) => `delete from ${table}`);
    await client.query(
      [
        'begin',
        'set local session_replication_role = replica',
        ...clear,
        `update audit_chain set last_seq = 0, last_hash = sha256(convert_to('cardwright audit chain ' || chain_no, 'UTF8'))
         where last_seq > 0`,
        `update platform_gate set closed_until = null, reason = null, failures_in_a_row = 0, retry_budget = 20, budget_at = '2026-01-01'`,
        'commit',
      ].join(';'),
    );
  } finally {
    client.release();
  }
}
