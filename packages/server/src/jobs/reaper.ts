import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { failpoint } from '../failpoint.ts';
import { endWorker, findSuspects, freeForeignLocks } from './worker-store.ts';

export interface ReaperTiming {
  readonly everyMs: number;
  /** A heartbeat that is silent for so long, by the database's clock, means a worker that is paused or cut off. */
  readonly silentMs: number;
}

/** After a stall of the database all heartbeats are old for a moment: silence is believed when it is seen so often. */
const silentSightings = 4;
/** A living engine has said who it is before it locks a job; this is only for the others. */
const foreignLockMs = 10_000;
const foreignEveryMs = 5_000;

export interface Reaper {
  stop(): Promise<void>;
}

/** Looks after the other workers: ends those that are dead, paused or cut off, and frees their jobs. */
export function startReaper(options: {
  readonly pool: Pool;
  readonly own: bigint;
  readonly timing: ReaperTiming;
  readonly log: Logger;
  readonly onEnded: () => Promise<void>;
}): Reaper {
  const { pool, own, timing, log } = options;
  const sightings = new Map<bigint, number>();
  let foreignAtMs = 0;

  const look = async (): Promise<void> => {
    const suspects = await findSuspects(pool, own, timing.silentMs);
    const seen = new Map(suspects.map(({ id }) => [id, (sightings.get(id) ?? 0) + 1]));
    sightings.clear();
    for (const [id, times] of seen) sightings.set(id, times);
    for (const { id, reason } of suspects) {
      if (reason === 'silent' && (seen.get(id) ?? 0) < silentSightings) continue;
      await failpoint('reaper:before-end');
      if (!(await endWorker(pool, id, reason))) continue;
      await failpoint('reaper:after-end');
      log.warn(
        { room: 'jobs', worker: String(id), reason },
        'a worker process ended; its jobs are free again',
      );
      await options.onEnded();
    }
    if (performance.now() < foreignAtMs) return;
    foreignAtMs = performance.now() + foreignEveryMs;
    const freed = await freeForeignLocks(pool, foreignLockMs);
    if (freed > 0) log.warn({ room: 'jobs', jobs: freed }, 'jobs were locked by nobody; they are free again');
  };

  const stopped = new AbortController();
  const rounds = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      // While the database is away there is nobody to look after.
      await look().catch((error: unknown) =>
        log.debug({ room: 'jobs', err: error }, 'no look at the others'),
      );
      await pause(timing.everyMs, stopped.signal);
    }
  };
  const over = rounds();
  return {
    stop: () => {
      stopped.abort();
      return over;
    },
  };
}

/** Waits, or less when told to stop. */
export function pause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stopped.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      stopped.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stopped.addEventListener('abort', done);
  });
}
