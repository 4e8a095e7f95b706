import type { Logger } from 'pino';
import { growingPauseMs, type PauseMs } from './attempt.ts';
import type { OpenPool, WorkerSelf } from './presence.ts';
import { pause } from './reaper.ts';
import { beginStint, type WorkerTiming } from './stint.ts';
import type { TaskRegistry } from './tasks.ts';

export interface WorkerOptions {
  readonly openPool: OpenPool;
  readonly registry: TaskRegistry;
  readonly self: WorkerSelf;
  readonly log: Logger;
  readonly timing?: Partial<WorkerTiming>;
  readonly pauseMs?: PauseMs;
}

/** A worker of this process; it lives until it is stopped, whatever becomes of the database. */
export interface Worker {
  /** The id of the present registration; undefined between two. */
  readonly id: bigint | undefined;
  /** Settles when it is registered and takes jobs for the first time. */
  readonly started: Promise<void>;
  stop(): Promise<void>;
}

const defaultTiming: WorkerTiming = {
  presence: { heartbeatMs: 1_000, leaseMs: 6_000 },
  reaper: { everyMs: 500, silentMs: 8_000 },
  stopMs: 10_000,
};
const pauseBetweenStintsMs = 100;

/**
 * Works on jobs. Each registration is a stint of its own, with an id, sessions and engines; when any of them is lost the
 * stint is over, what it still does is refused by the fence, and a new one begins. (When the database goes away, the
 * engine itself would sit in its own retries for minutes, on jobs that it keeps locked.)
 */
export function startWorker(options: WorkerOptions): Worker {
  const { log, pauseMs = growingPauseMs } = options;
  const control = options.openPool({
    applicationName: 'cardwright worker control',
    maxConnections: 2,
    statementTimeoutMs: 5_000,
    idleInTransactionTimeoutMs: 5_000,
  });
  const parts = { ...options, pauseMs, control, timing: { ...defaultTiming, ...options.timing } };
  const stopping = new AbortController();
  const started = Promise.withResolvers<void>();
  const endings = new Set<Promise<void>>();
  let current: bigint | undefined;
  let isAway = false;

  const live = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const stint = await beginStint(parts);
        current = stint.id;
        isAway = false;
        started.resolve();
        const why = await Promise.race([stint.lost, aborted(stopping.signal)]);
        current = undefined;
        if (why !== undefined)
          log.warn({ room: 'jobs', worker: String(stint.id), why }, 'a worker lost its right to work');
        const ending = stint
          .end(why === undefined ? 'orderly' : 'lost')
          .finally(() => endings.delete(ending));
        endings.add(ending);
      } catch (error) {
        if (!isAway) log.warn({ room: 'jobs', err: error }, 'no worker can be registered; it is tried again');
        isAway = true;
      }
      await pause(pauseBetweenStintsMs, stopping.signal);
    }
    await Promise.all(endings);
  };
  const lived = live();
  let ended: Promise<void> | undefined;
  return {
    get id() {
      return current;
    },
    started: started.promise,
    stop: () => {
      stopping.abort();
      ended ??= lived.then(() => control.end());
      return ended;
    },
  };
}

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
