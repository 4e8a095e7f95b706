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

/**
 * Starts the job engine in this process. `pool` is its own, with the driver's standard types: the engine writes
 * ids of jobs as JSON, which has no bigint.
 */
export async function startWorker(pool: Pool, tasks: TaskList, log: Logger): Promise<Runner> {
  return run({
    pgPool: pool,
    taskList: tasks,
    concurrency: 4,
    pollInterval: 1_000,
    noHandleSignals: true,
    logger: new EngineLogger(() => (level, message) => {
      if (level === 'error') log.error({ room: 'jobs' }, message);
      else if (level === 'warning') log.warn({ room: 'jobs' }, message);
      else log.debug({ room: 'jobs' }, message);
    }),
  });
}
