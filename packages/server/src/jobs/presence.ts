import type { Pool } from 'pg';
import type { PoolOptions } from '../db/pool.ts';
import { failpoint } from '../failpoint.ts';
import { addEnginePool, beat, insertWorker, nextWorkerId, sessionName } from './worker-store.ts';

/** Makes a pool on the house's database. */
export type OpenPool = (options: PoolOptions) => Pool;

/** Who a worker is, for people who look for it. */
export interface WorkerSelf {
  readonly host: string;
  readonly pid: number;
  readonly role: string;
}

export interface PresenceTiming {
  readonly heartbeatMs: number;
  /**
   * A worker whose heartbeat was not confirmed for so long gives up its right by itself. Shorter than the silence after
   * which others end it.
   */
  readonly leaseMs: number;
}

/** One registration: a row, a session that holds the lock, a heartbeat. It is never renewed under the same id. */
export interface Presence {
  readonly id: bigint;
  /** Settles, with the reason, when the right to work is gone or cannot be known to hold. */
  readonly lost: Promise<string>;
  /** @throws where the worker was ended meanwhile. */
  addEnginePool(poolId: string): Promise<void>;
  /** Gives the lock back. The row is for `endWorker`. */
  close(): Promise<void>;
}

/** Registers this process as a worker, under a new id. `control` is a pool that outlives registrations. */
export async function register(
  control: Pool,
  openPool: OpenPool,
  self: WorkerSelf,
  timing: PresenceTiming,
): Promise<Presence> {
  const id = await nextWorkerId(control);
  const pool = openPool({
    applicationName: sessionName(id, 'presence'),
    maxConnections: 1,
    statementTimeoutMs: timing.leaseMs,
  });
  const lost = Promise.withResolvers<string>();
  const session = await pool.connect().catch(async (error: unknown) => {
    await pool.end();
    throw error;
  });
  const connectionLost = (): void => lost.resolve('its connection was lost');
  session.on('error', connectionLost);
  session.on('end', connectionLost);
  const close = async (): Promise<void> => {
    clearInterval(timer);
    session.release(true);
    await pool.end();
  };
  let confirmedMs = performance.now();
  let beating = false;
  const tick = async (): Promise<void> => {
    const nowMs = performance.now();
    // Also what a paused process sees first when it wakes.
    if (nowMs - confirmedMs > timing.leaseMs) return lost.resolve('it was paused or cut off');
    if (beating) return;
    beating = true;
    try {
      await failpoint('worker:heartbeat');
      if (await beat(session, id)) confirmedMs = nowMs;
      else lost.resolve('another process ended it');
    } catch {
      connectionLost();
    } finally {
      beating = false;
    }
  };
  const timer = setInterval(() => void tick(), timing.heartbeatMs);
  try {
    await insertWorker(session, { id, ...self });
    await failpoint('worker:registered');
    confirmedMs = performance.now();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    id,
    lost: lost.promise,
    addEnginePool: async (poolId) => {
      if (!(await addEnginePool(session, id, poolId))) throw new Error(`worker ${id} was ended`);
    },
    close,
  };
}
