import type { Pool, PoolClient } from 'pg';
import { appendAudit } from '../audit/append.ts';
import { sqlState } from '../db/server-error.ts';
import { inTransaction } from '../db/transaction.ts';

/** Why a worker process ended. */
export type EndReason = 'stopped' | 'lock-free' | 'silent';

/** Two-part advisory locks, the second part being the worker's id. The fence's number stands in the migration too. */
const presenceLock = 0x63777072;
const fenceLock = 1668440167;

const sessionsOf = (workerId: bigint): string => `cardwright worker ${workerId}`;

/** The name of a worker's sessions in pg_stat_activity, by which whoever ends the worker finds them. */
export const sessionName = (workerId: bigint, part: string): string => `${sessionsOf(workerId)} ${part}`;

/** The error of a worker that was ended by another process: SQLSTATE of `assert_worker_alive`. */
export const isFenced = (error: unknown): boolean => sqlState(error) === 'CW003';

/** The id for a worker that is about to register. */
export async function nextWorkerId(pool: Pool): Promise<bigint> {
  const { rows } = await pool.query<{ id: bigint }>(
    "select nextval(pg_get_serial_sequence('worker_process', 'worker_process_id')) as id",
  );
  if (rows[0] === undefined) throw new Error('no worker id');
  return rows[0].id;
}

/** Takes the presence lock for this session and only then shows the worker to others. */
export async function insertWorker(
  session: PoolClient,
  worker: { id: bigint; host: string; pid: number; role: string },
): Promise<void> {
  const id = String(worker.id);
  await session.query('select pg_advisory_lock($1, $2::int)', [presenceLock, id]);
  await session.query(
    `insert into worker_process (worker_process_id, host, pid, role) overriding system value values ($1, $2, $3, $4)`,
    [id, worker.host, worker.pid, worker.role],
  );
}

/** Renews the heartbeat; false where the worker was ended. */
export async function beat(session: PoolClient, id: bigint): Promise<boolean> {
  const { rowCount } = await session.query({
    name: 'worker-beat',
    text: `update worker_process set heartbeat_at = clock_timestamp() where worker_process_id = $1 and ended_at is null`,
    values: [String(id)],
  });
  return rowCount === 1;
}

/** Says under which id the job engine of this worker locks jobs; false where the worker was ended. */
export async function addEnginePool(session: PoolClient, id: bigint, poolId: string): Promise<boolean> {
  const { rowCount } = await session.query(
    `update worker_process set pool_ids = pool_ids || $2::text where worker_process_id = $1 and ended_at is null`,
    [String(id), poolId],
  );
  return rowCount === 1;
}

/** Another worker that is not in order. */
export interface Suspect {
  readonly id: bigint;
  readonly reason: Exclude<EndReason, 'stopped'>;
}

/** The other workers whose lock is free or whose heartbeat has been silent for `silentMs` by the database's clock. */
export async function findSuspects(pool: Pool, own: bigint, silentMs: number): Promise<Suspect[]> {
  const { rows } = await pool.query<{ id: bigint; silent: boolean; free: boolean }>({
    name: 'worker-suspects',
    text: `select worker_process_id as id, heartbeat_at < clock_timestamp() - $2 * interval '1 ms' as silent,
        pg_try_advisory_xact_lock($3, worker_process_id::int) as free
      from worker_process where ended_at is null and worker_process_id <> $1`,
    values: [String(own), silentMs, presenceLock],
  });
  return rows.flatMap(({ id, silent, free }): Suspect[] => {
    if (free) return [{ id, reason: 'lock-free' }];
    return silent ? [{ id, reason: 'silent' }] : [];
  });
}

/**
 * Ends a worker: waits for the transactions that it writes in, shuts the fence, frees its jobs, says so in the audit log.
 * False where it had been ended already. Sessions that are in the way are ended too; with `stopped` only those.
 */
export async function endWorker(pool: Pool, id: bigint, reason: EndReason): Promise<boolean> {
  if (reason !== 'stopped') await terminateSessions(pool, id);
  try {
    return await shutFence(pool, id, reason);
  } catch (error) {
    if (sqlState(error) !== lockNotAvailable) throw error;
    await terminateSessions(pool, id);
    return await shutFence(pool, id, reason);
  }
}

const lockNotAvailable = '55P03';

function shutFence(pool: Pool, id: bigint, reason: EndReason): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    await client.query("set local lock_timeout = '1s'");
    await client.query('select pg_advisory_xact_lock($1, $2::int)', [fenceLock, String(id)]);
    const { rows } = await client.query<{ host: string; pid: number; pool_ids: string[] }>(
      `update worker_process set ended_at = clock_timestamp(), end_reason = $2
       where worker_process_id = $1 and ended_at is null returning host, pid, pool_ids`,
      [String(id), reason],
    );
    const worker = rows[0];
    if (worker === undefined) return false;
    await client.query('select graphile_worker.force_unlock_workers($1::text[])', [worker.pool_ids]);
    // What was freed waits for nobody's poll.
    await client.query(`select pg_notify('jobs:insert', '{"count":8}')`);
    const { host, pid } = worker;
    await appendAudit(client, [
      {
        actor: 'jobs',
        action: 'worker.ended',
        detail: { workerProcessId: String(id), reason, host, pid },
      },
    ]);
    return true;
  });
}

/** Ends the sessions of a worker: those with its name, and whoever holds its locks under another name. */
async function terminateSessions(pool: Pool, id: bigint): Promise<void> {
  await pool.query(
    `select pg_terminate_backend(pid) from (
       select pid from pg_stat_activity where datname = current_database()
         and (application_name = $1 or starts_with(application_name, $1 || ' '))
       union
       select pid from pg_locks where locktype = 'advisory' and granted and objid = $2::bigint::int::oid
         and database = (select oid from pg_database where datname = current_database())
         and classid::bigint = any ($3::bigint[])) s
     where pid <> pg_backend_pid()`,
    [sessionsOf(id), String(id), [presenceLock, fenceLock]],
  );
}

/**
 * Frees jobs that are locked by an engine which no living worker answers for: one of an older version, or one that took
 * a job after its worker was ended. Answers how many.
 */
export async function freeForeignLocks(pool: Pool, lockedForMs: number): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `with known as (
       select unnest(pool_ids) as pool_id from worker_process where ended_at is null
     ), foreign_lock as (
       select locked_by, count(*) as n from graphile_worker.jobs
       where locked_at < clock_timestamp() - $1 * interval '1 ms' and locked_by not in (select pool_id from known)
       group by locked_by
     )
     select sum(n)::int as n, graphile_worker.force_unlock_workers(array_agg(locked_by)) from foreign_lock having count(*) > 0`,
    [lockedForMs],
  );
  return rows[0]?.n ?? 0;
}

/** Forgets workers that ended long ago; the audit log keeps their end. */
export async function forgetEndedWorkers(client: PoolClient): Promise<void> {
  await client.query("delete from worker_process where ended_at < now() - interval '30 days'");
}
