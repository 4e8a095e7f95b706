import { setTimeout as sleep } from 'node:timers/promises';
import { Logger as EngineLogger, type Runner, run, type TaskList } from 'graphile-worker';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { planOrder, type Transaction } from '../card-order/plan.ts';

/** Every task of the house. The engine refuses none that it does not know, so the list is checked in its test. */
export function taskList(transaction: Transaction): TaskList {
  return {
    'plan-card-order': async (payload) => {
      const { environment, cardOrderId } = orderKey(payload);
      await planOrder(transaction, environment, cardOrderId);
    },
  };
}

function orderKey(payload: unknown): { environment: string; cardOrderId: bigint } {
  const { environment, cardOrderId } = (payload ?? {}) as Record<string, unknown>;
  if (typeof environment !== 'string' || typeof cardOrderId !== 'string') {
    throw new Error('the job names no order: environment and cardOrderId are needed');
  }
  return { environment, cardOrderId: BigInt(cardOrderId) };
}

/** The job engine of this process; `stop` waits for the jobs under way. */
export interface JobEngine {
  stop(): Promise<void>;
}

const restartPauseMs = 1_000;

/**
 * Runs the job engine in this process for as long as the product lives. Where the engine gives up (it ends itself when
 * the database stays away too long), it is started again: the product never exits because PostgreSQL did.
 * `pool` is its own, with the driver's standard types: the engine writes ids of jobs as JSON, which has no bigint.
 */
export function startJobEngine(pool: Pool, tasks: TaskList, log: Logger): JobEngine {
  let stopping = false;
  let runner: Runner | undefined;
  const live = async (): Promise<void> => {
    while (!stopping) {
      try {
        runner = await startRunner(pool, tasks, log);
        await runner.promise;
      } catch (error) {
        log.error({ room: 'jobs', err: error }, 'the job engine ended; it is started again');
      }
      if (!stopping) await sleep(restartPauseMs);
    }
  };
  const lived = live();
  return {
    stop: async () => {
      stopping = true;
      await runner?.stop().catch(() => {});
      await lived;
    },
  };
}

function startRunner(pool: Pool, tasks: TaskList, log: Logger): Promise<Runner> {
  return run({
    pgPool: pool,
    taskList: tasks,
    noHandleSignals: true,
    preset: {
      worker: {
        concurrentJobs: 4,
        pollInterval: 1_000,
        // Without a batch the engine forgets to wait for these, and a lost connection becomes an unhandled rejection
        // that ends the process (0.18, seen under kill -9 of PostgreSQL). Batches of 0 ms are retried and reported.
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    },
    logger: new EngineLogger(() => (level, message) => {
      if (level === 'error') log.error({ room: 'jobs' }, message);
      else if (level === 'warning') log.warn({ room: 'jobs' }, message);
      else log.debug({ room: 'jobs' }, message);
    }),
  });
}

/**
 * Frees the jobs that a killed process left locked (the engine itself would wait four hours). Only for a database
 * that nobody else works on, as the embedded one is: with several processes it would free jobs that are being done.
 */
export async function unlockAbandonedJobs(pool: Pool): Promise<void> {
  await pool.query(`select graphile_worker.force_unlock_workers(array(
    select distinct locked_by from graphile_worker._private_jobs where locked_by is not null
    union select distinct locked_by from graphile_worker._private_job_queues where locked_by is not null))`);
}
