import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger as EngineLogger, type Runner, run, type TaskList, type WorkerEvents } from 'graphile-worker';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { planOrder, replanHeldFor, type Transaction } from '../card-order/plan.ts';

/** Every task of the house, by the name that its jobs carry. Each may run twice for one job. */
export function taskList(transaction: Transaction): TaskList {
  return {
    'plan-card-order': async (payload) => {
      const { environment, cardOrderId } = textsOf(payload, ['environment', 'cardOrderId']);
      await planOrder(transaction, environment, BigInt(cardOrderId));
    },
    'replan-held-orders': async (payload) => {
      const { environment, templateNo } = textsOf(payload, ['environment', 'templateNo']);
      await replanHeldFor(transaction, environment, templateNo);
    },
  };
}

function textsOf<const N extends string>(payload: unknown, names: readonly N[]): Record<N, string> {
  const given = (payload ?? {}) as Record<string, unknown>;
  const missing = names.find((name) => typeof given[name] !== 'string');
  if (missing !== undefined) throw new Error(`the job says no ${missing}`);
  return given as Record<N, string>;
}

/** The job engine of this process; `stop` waits for the jobs under way. */
export interface JobEngine {
  stop(): Promise<void>;
}

const pauseMs = 250;

/**
 * Runs the job engine in this process for as long as the product lives. `pool` is its own, with the driver's standard
 * types: the engine writes ids of jobs as JSON, which has no bigint.
 *
 * When the database goes away the engine sits in its own retries for minutes, on jobs that it keeps locked. So a lost
 * listener, or a shutdown of its own, ends that engine's time: as soon as the database answers, its locks are freed and
 * a new engine starts. A job may then run twice; every task is written so that this changes nothing.
 */
export function startJobEngine(pool: Pool, tasks: TaskList, log: Logger): JobEngine {
  const stopped = Promise.withResolvers<void>();
  let stopping = false;
  const live = async (): Promise<void> => {
    while (!stopping) {
      const lockedBy: string[] = [];
      try {
        await runUntilLost(pool, tasks, log, lockedBy, stopped.promise);
      } catch (error) {
        log.error({ room: 'jobs', err: error }, 'the job engine ended; it is started again');
      }
      while (!stopping && !(await freeLocks(pool, lockedBy))) await sleep(pauseMs);
    }
  };
  const lived = live();
  return {
    stop: async () => {
      stopping = true;
      stopped.resolve();
      await lived;
    },
  };
}

/** The engine may also shut itself down, and then its promise can stay open for ever: any of these ends its time. */
const endOfAnEngine = ['pool:listen:error', 'pool:gracefulShutdown', 'stop'] as const;

async function runUntilLost(
  pool: Pool,
  tasks: TaskList,
  log: Logger,
  lockedBy: string[],
  stopped: Promise<void>,
): Promise<void> {
  const events: WorkerEvents = new EventEmitter();
  events.on('pool:create', ({ workerPool }) => lockedBy.push(workerPool.id));
  const lost = new Promise<'lost'>((resolve) => {
    for (const event of endOfAnEngine) events.once(event, () => resolve('lost'));
  });
  const runner = await startRunner(pool, tasks, log, events);
  const ended = runner.promise.then(() => 'ended' as const);
  ended.catch(() => {});
  const why = await Promise.race([ended, lost, stopped]);
  const stop = runner.stop().catch(() => {});
  if (why !== 'lost') await stop;
}

/** Whether the database answered. */
async function freeLocks(pool: Pool, lockedBy: readonly string[]): Promise<boolean> {
  try {
    await pool.query('select graphile_worker.force_unlock_workers($1::text[])', [lockedBy]);
    return true;
  } catch {
    return false;
  }
}

function startRunner(pool: Pool, tasks: TaskList, log: Logger, events: WorkerEvents): Promise<Runner> {
  return run({
    pgPool: pool,
    taskList: tasks,
    events,
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
