import type { Pool, PoolClient } from 'pg';
import { appendAudit } from '../audit/append.ts';

/** Work that was given up and waits for a person. */
export interface ParkedJob {
  readonly parkedJobId: bigint;
  readonly task: string;
  readonly environment: string | null;
  readonly cardOrderId: bigint | null;
  readonly attempts: number;
  readonly cause: string;
  /** ISO 8601. */
  readonly parkedAt: string;
}

/** The parked jobs that nobody has released, the oldest first. */
export async function listParkedJobs(pool: Pool, limit: number): Promise<ParkedJob[]> {
  const { rows } = await pool.query<Omit<ParkedJob, 'parkedAt'> & { parkedAt: Date }>(
    `select parked_job_id as "parkedJobId", task, environment, card_order_id as "cardOrderId", attempts, cause,
       parked_at as "parkedAt"
     from parked_job where released_at is null order by parked_job_id limit $1`,
    [limit],
  );
  return rows.map((row) => ({ ...row, parkedAt: row.parkedAt.toISOString() }));
}

/** How many jobs are parked. */
export async function countOpenParkedJobs(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    'select count(*)::int as n from parked_job where released_at is null',
  );
  return rows[0]?.n ?? 0;
}

/**
 * Gives parked jobs back to the workers, with all their tries, in the caller's transaction. `all`, or ids; those that are
 * no longer parked are passed over. Answers the ids that were released.
 */
export async function releaseParkedJobs(
  client: PoolClient,
  which: 'all' | readonly bigint[],
  person: string,
): Promise<bigint[]> {
  const { rows } = await client.query<Released>(
    `with released as (
       update parked_job set released_at = now(), released_by = $1
       where released_at is null and ($2::bigint[] is null or parked_job_id = any ($2))
       returning parked_job_id, task, payload, job_key, environment, card_order_id
     )
     select parked_job_id as id, task, environment, card_order_id as "cardOrderId",
       (graphile_worker.add_job(task, payload := payload::json, job_key := job_key)).id as job from released`,
    [person, which === 'all' ? null : which.map(String)],
  );
  await appendAudit(
    client,
    rows.map(({ id, task, environment, cardOrderId }) => ({
      actor: person,
      action: 'job.released',
      ...(environment === null ? {} : { environment }),
      ...(cardOrderId === null ? {} : { cardOrderId }),
      detail: { parkedJobId: String(id), task },
    })),
  );
  return rows.map(({ id }) => id);
}

interface Released {
  readonly id: bigint;
  readonly task: string;
  readonly environment: string | null;
  readonly cardOrderId: bigint | null;
}

/** What waits or is done, by task. */
export interface WaitingJobs {
  readonly task: string;
  readonly waiting: number;
  readonly running: number;
  /** Put off after a failure or until something answers. */
  readonly putOff: number;
  /** ISO 8601; null where none waits. */
  readonly nextAt: string | null;
  readonly lastCause: string | null;
}

export async function listWaitingJobs(pool: Pool): Promise<WaitingJobs[]> {
  const { rows } = await pool.query<Omit<WaitingJobs, 'nextAt'> & { nextAt: Date | null }>(
    `select task_identifier as task,
       count(*) filter (where locked_at is null and last_error is null)::int as waiting,
       count(*) filter (where locked_at is not null)::int as running,
       count(*) filter (where locked_at is null and last_error is not null)::int as "putOff",
       min(run_at) filter (where locked_at is null) as "nextAt",
       (array_agg(last_error order by updated_at desc) filter (where last_error is not null))[1] as "lastCause"
     from graphile_worker.jobs group by 1 order by 1`,
  );
  return rows.map((row) => ({ ...row, nextAt: row.nextAt?.toISOString() ?? null }));
}

/** A worker process that is alive. */
export interface LivingWorker {
  readonly workerProcessId: bigint;
  readonly host: string;
  readonly pid: number;
  readonly role: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly silentMs: number;
}

export async function listWorkers(pool: Pool): Promise<LivingWorker[]> {
  const { rows } = await pool.query<Omit<LivingWorker, 'startedAt'> & { startedAt: Date }>(
    `select worker_process_id as "workerProcessId", host, pid, role, started_at as "startedAt",
       round(extract(epoch from clock_timestamp() - heartbeat_at) * 1000)::int as "silentMs"
     from worker_process where ended_at is null order by 1`,
  );
  return rows.map((row) => ({ ...row, startedAt: row.startedAt.toISOString() }));
}
