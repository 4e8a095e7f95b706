import type { ClientBase, Pool } from 'pg';

/** A job to be done: in the caller's transaction where `client` is one. */
export interface NewJob {
  readonly task: string;
  readonly payload: Readonly<Record<string, string>>;
  /** One job at most waits under a key; a newer one replaces it. */
  readonly key: string;
  /** Undefined: now. */
  readonly runAt?: Date;
  /** `preserve_run_at` keeps the time of a job that waits already; default `replace`. */
  readonly keyMode?: 'replace' | 'preserve_run_at';
}

/** Adds a job; it exists when the caller's transaction is committed. */
export async function addJob(client: ClientBase | Pool, job: NewJob): Promise<void> {
  await client.query({
    name: 'add-job',
    text: `select graphile_worker.add_job($1, payload := $2::json, run_at := coalesce($3::timestamptz, now()),
      job_key := $4, job_key_mode := $5)`,
    values: [
      job.task,
      JSON.stringify(job.payload),
      job.runAt?.toISOString() ?? null,
      job.key,
      job.keyMode ?? 'replace',
    ],
  });
}
