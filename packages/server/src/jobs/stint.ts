import type { JobHelpers, TaskList } from 'graphile-worker';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { inTransaction } from '../db/transaction.ts';
import type { Transaction } from '../work.ts';
import { attemptJob, type PauseMs } from './attempt.ts';
import { type Engine, startEngine } from './engine.ts';
import type { HeldJob } from './job-store.ts';
import { type OpenPool, type Presence, type PresenceTiming, register, type WorkerSelf } from './presence.ts';
import { type ReaperTiming, startReaper } from './reaper.ts';
import { bringForward, ensureSchedules, warnOfUnknownTasks } from './schedules.ts';
import type { Lane, TaskRegistry } from './tasks.ts';
import { endWorker, isFenced, sessionName } from './worker-store.ts';

export interface StintParts {
  readonly openPool: OpenPool;
  readonly registry: TaskRegistry;
  readonly self: WorkerSelf;
  readonly log: Logger;
  readonly pauseMs: PauseMs;
  readonly timing: WorkerTiming;
  /** Not fenced and not ended with a stint: it registers, looks after others, and writes nothing else. */
  readonly control: Pool;
}

export interface WorkerTiming {
  readonly presence: PresenceTiming;
  readonly reaper: ReaperTiming;
  /** How long tasks may take to stop when they are told to. */
  readonly stopMs: number;
}

/** One registration at work, from its first job until its right is lost or it is told to stop. */
export interface Stint {
  readonly id: bigint;
  /** Settles, with the reason, when the right to work is lost. */
  readonly lost: Promise<string>;
  /** Ends it: in order, its work is given time; lost, what it still does is refused. Never rejects. */
  end(how: 'orderly' | 'lost'): Promise<void>;
}

/** How many jobs at once. What waits for the platform holds a place for long, and must not take the others'. */
export const lanes: Readonly<Record<Lane, number>> = { quick: 4, slow: 4 };
const endPoolsMs = 2_000;

/** Registers and starts to work. @throws where that is not possible now; then nothing is left of it. */
export async function beginStint(parts: StintParts): Promise<Stint> {
  const { control, registry, log, timing } = parts;
  const presence = await register(control, parts.openPool, parts.self, timing.presence);
  const { id } = presence;
  const lost = Promise.withResolvers<string>();
  presence.lost.then(lost.resolve);
  const abort = new AbortController();
  const pools = openPools(parts.openPool, id);
  const engines: Engine[] = [];
  const close = async (): Promise<void> => {
    // Where the database is away an engine may never stop.
    await limited(Promise.all(engines.map((engine) => engine.stop())), timing.stopMs);
    await limited(
      Promise.all([...Object.values(pools).map((pool) => pool.end()), presence.close()]),
      endPoolsMs,
    );
  };
  try {
    await prepare(control, registry, log);
    for (const lane of Object.keys(lanes) as Lane[]) {
      const engine = await startLane(parts, {
        lane,
        presence,
        pools,
        lost: lost.resolve,
        signal: abort.signal,
      });
      engine.lost.then(lost.resolve);
      engines.push(engine);
    }
  } catch (error) {
    await endWorker(control, id, 'stopped').catch(() => false);
    await close();
    throw error;
  }
  const onEnded = (): Promise<void> => bringForward(control, 'sweep');
  const reaper = startReaper({ pool: control, own: id, timing: timing.reaper, log, onEnded });
  return {
    id,
    lost: lost.promise,
    end: async (how) => {
      abort.abort();
      const stopped = limited(Promise.all(engines.map((engine) => engine.stop())), timing.stopMs);
      await Promise.all([reaper.stop(), how === 'orderly' ? stopped : undefined]);
      // Where the database is away, others find the lock free, or we ourselves under our next id.
      await limited(endWorker(control, id, 'stopped'), timing.stopMs);
      await stopped;
      await limited(close(), endPoolsMs);
    },
  };
}

interface Pools {
  readonly tasks: Pool;
  readonly engine: Pool;
}

/** Named after the worker, so that whoever ends it finds them. */
function openPools(openPool: OpenPool, id: bigint): Pools {
  const tasks = openPool({
    applicationName: sessionName(id, 'tasks'),
    maxConnections: 8,
    connectTimeoutMs: 15_000,
  });
  const engine = openPool({
    applicationName: sessionName(id, 'engine'),
    maxConnections: Object.values(lanes).reduce((sum, places) => sum + places, 0),
    statementTimeoutMs: 0,
    int8: 'string',
  });
  return { tasks, engine };
}

async function prepare(control: Pool, registry: TaskRegistry, log: Logger): Promise<void> {
  await ensureSchedules(control, registry);
  await bringForward(control, 'sweep');
  await warnOfUnknownTasks(control, registry, log);
}

/** Starts the engine for the tasks of one lane. */
function startLane(
  parts: StintParts,
  own: {
    readonly lane: Lane;
    readonly presence: Presence;
    readonly pools: Pools;
    readonly lost: (why: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<Engine> {
  const { registry, log, pauseMs } = parts;
  const { lane, presence, pools, signal } = own;
  const enginePoolId = Promise.withResolvers<string>();
  const attempt = async (name: string, helpers: JobHelpers): Promise<void> => {
    const holder = {
      client: pools.tasks,
      workerId: presence.id,
      enginePoolId: await enginePoolId.promise,
    };
    const transaction = fencedTransaction(pools.tasks, presence.id);
    try {
      await attemptJob({ registry, holder, transaction, signal, pauseMs, log }, name, heldJob(helpers));
    } catch (error) {
      if (isFenced(error)) own.lost('another process ended it');
      throw error;
    }
  };
  const tasks: TaskList = Object.fromEntries(
    [...registry.tasks.values()]
      .filter((task) => task.lane === lane)
      .map(({ name }) => [name, (_payload, helpers) => attempt(name, helpers)]),
  );
  return startEngine({
    pool: pools.engine,
    concurrency: lanes[lane],
    tasks,
    log,
    announce: async (poolId) => {
      await presence.addEnginePool(poolId);
      enginePoolId.resolve(poolId);
    },
  });
}

function heldJob({ job }: JobHelpers): HeldJob {
  // The engine's types know flags as a set of names; ours is a count.
  const pauses = (job.flags as Readonly<Record<string, unknown>> | null)?.['pauses'];
  return {
    id: job.id,
    payload: job.payload,
    key: job.key,
    attempts: job.attempts,
    pauses: typeof pauses === 'number' ? pauses : 0,
  };
}

/** Each transaction begins by asking whether this worker still has its right, and keeps it until its end. */
function fencedTransaction(pool: Pool, workerId: bigint): Transaction {
  return (work) =>
    inTransaction(pool, async (client) => {
      await client.query({
        name: 'fence',
        text: 'select assert_worker_alive($1)',
        values: [String(workerId)],
      });
      return await work(client);
    });
}

/** Settles with the promise, however it ends, or after a time without it. */
function limited(promise: Promise<unknown>, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, limitMs);
    const settle = (): void => {
      clearTimeout(timer);
      resolve();
    };
    promise.then(settle, settle);
  });
}
