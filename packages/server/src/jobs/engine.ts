import { EventEmitter } from 'node:events';
import { Logger as EngineLogger, run, type TaskList, type WorkerEvents } from 'graphile-worker';
import type { Pool } from 'pg';
import type { Logger } from 'pino';

/** graphile-worker in this process, for one registration. */
export interface Engine {
  /** Settles when the engine is of no use any more: it lost the database, or shut itself down. */
  readonly lost: Promise<string>;
  /** Takes no more jobs; settles when those under way have ended. */
  stop(): Promise<void>;
}

/** The engine may also shut itself down, and then its promise can stay open for ever: any of these ends its time. */
const endOfAnEngine = ['pool:listen:error', 'pool:gracefulShutdown', 'stop'] as const;

/**
 * Starts the engine. `pool` is its own, with the driver's standard types: it writes ids of jobs as JSON, which has no
 * bigint. When the database goes away it would sit in its own retries for minutes, on jobs that it keeps locked: then it
 * is lost, and a new one has to be started. `announce` gets the id under which it locks jobs; it takes none before that
 * has settled, and none ever if it fails.
 */
export async function startEngine(options: {
  readonly pool: Pool;
  readonly tasks: TaskList;
  readonly concurrency: number;
  readonly log: Logger;
  readonly announce: (poolId: string) => Promise<void>;
}): Promise<Engine> {
  const events: WorkerEvents = new EventEmitter();
  const lost = Promise.withResolvers<string>();
  const announced = Promise.withResolvers<void>();
  events.once('pool:create', ({ workerPool }) => {
    options
      .announce(workerPool.id)
      .then(announced.resolve, () => lost.resolve('its engine was not announced'));
  });
  for (const event of endOfAnEngine) events.once(event, () => lost.resolve(`its engine said ${event}`));
  const runner = await run({
    pgPool: options.pool,
    taskList: options.tasks,
    events,
    noHandleSignals: true,
    // Without it the engine looks for a file `crontab` in the working directory.
    parsedCronItems: [],
    preset: {
      plugins: [
        {
          name: 'cardwright-announce',
          version: '1.0.0',
          worker: { hooks: { startWorker: () => announced.promise } },
        },
      ],
      worker: {
        concurrentJobs: options.concurrency,
        pollInterval: 1_000,
        // Without a batch the engine forgets to wait for these, and a lost connection becomes an unhandled rejection
        // that ends the process (0.18, seen under kill -9 of PostgreSQL). Batches of 0 ms are retried and reported.
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    },
    logger: engineLogger(options.log),
  });
  runner.promise.then(
    () => lost.resolve('its engine ended'),
    () => lost.resolve('its engine failed'),
  );
  return { lost: lost.promise, stop: () => runner.stop().catch(() => undefined) };
}

function engineLogger(log: Logger): EngineLogger {
  return new EngineLogger(() => (level, message) => {
    if (level === 'error') log.error({ room: 'jobs' }, message);
    else if (level === 'warning') log.warn({ room: 'jobs' }, message);
    else log.debug({ room: 'jobs' }, message);
  });
}
