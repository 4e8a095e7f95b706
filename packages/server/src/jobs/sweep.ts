import type { PoolClient } from 'pg';
import type { Logger } from 'pino';
import { addMissingJobs } from '../card-order/missing-jobs.ts';
import type { FetchedJobs } from '../card-order/operate.ts';
import type { Schedule, Task } from './tasks.ts';
import { forgetEndedWorkers } from './worker-store.ts';

export const sweepSchedule: Schedule = { task: 'sweep', everyMs: 60_000 };

/** Heals what the job engine may have lost. Runs on a schedule, at the start of a worker, and after the end of one. */
export const sweepTask = (fetchedJobs: FetchedJobs, log: Logger): Task => ({
  name: sweepSchedule.task,
  zh: '补齐遗漏的任务',
  en: 'gives orders their missing jobs again, clears what was left lying about',
  run: async (_payload, { transaction }) => {
    const healed = await addMissingJobs(transaction, fetchedJobs);
    if (healed.length > 0)
      log.warn({ room: 'jobs', orders: healed.length }, 'orders had no job; they have one again');
    await transaction(async (client) => {
      await clearSpentJobs(client);
      await forgetEndedWorkers(client);
    });
  },
});

/**
 * Jobs that the engine will not take any more. Without key and error: newer work took their key while they were done, and
 * their worker died. The others get one more turn, in which they are parked, because their tries are used up.
 */
async function clearSpentJobs(client: PoolClient): Promise<void> {
  await client.query(`delete from graphile_worker._private_jobs
    where attempts >= max_attempts and locked_at is null and key is null and last_error is null`);
  await client.query(`select graphile_worker.reschedule_jobs(array_agg(id), attempts := max(max_attempts) - 1)
    from graphile_worker.jobs where attempts >= max_attempts and locked_at is null having count(*) > 0`);
}
