import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { TaskRegistry } from './tasks.ts';

const keyOf = (task: string): string => `schedule:${task}`;

/**
 * Sees to it that each scheduled task has its job. It is one job for ever, which puts itself off after each turn: so it is
 * done by one process at a time, however many there are. `unsafe_dedupe` leaves one that is there, or under way, alone.
 */
export async function ensureSchedules(pool: Pool, registry: TaskRegistry): Promise<void> {
  for (const { task } of registry.schedules.values()) {
    await pool.query("select graphile_worker.add_job($1, job_key := $2, job_key_mode := 'unsafe_dedupe')", [
      task,
      keyOf(task),
    ]);
  }
}

/** Does a scheduled task as soon as possible, unless it is under way. */
export async function bringForward(pool: Pool, task: string): Promise<void> {
  await pool.query(
    `select graphile_worker.reschedule_jobs(array_agg(id), run_at := now()), pg_notify('jobs:insert', '{"count":1}')
     from graphile_worker.jobs where key = $1 and run_at > now() having count(*) > 0`,
    [keyOf(task)],
  );
}

/** Jobs that wait for a task that this version does not know: another may, so they stay. */
export interface UnknownJobs {
  readonly task: string;
  readonly count: number;
}

export async function findUnknownJobs(pool: Pool, registry: TaskRegistry): Promise<UnknownJobs[]> {
  const { rows } = await pool.query<UnknownJobs>(
    `select task_identifier as task, count(*)::int as count from graphile_worker.jobs
     where task_identifier <> all ($1) group by 1 order by 1`,
    [[...registry.tasks.keys()]],
  );
  return rows;
}

export async function warnOfUnknownTasks(pool: Pool, registry: TaskRegistry, log: Logger): Promise<void> {
  for (const { task, count } of await findUnknownJobs(pool, registry))
    log.warn({ room: 'jobs', task, count }, 'jobs wait for a task that this version does not know');
}
