import type { Pool } from 'pg';
import type { FetchedJobs } from '../../packages/server/src/card-order/operate.ts';
import { advanceTestOrderJob } from '../../packages/server/src/card-order/order-jobs.ts';
import { CommitUnknown, inTransaction } from '../../packages/server/src/db/transaction.ts';
import { attemptJob, growingPauseMs } from '../../packages/server/src/jobs/attempt.ts';
import { cardTasks } from '../../packages/server/src/jobs/card-tasks.ts';
import type { HeldJob } from '../../packages/server/src/jobs/job-store.ts';
import { planningTasks } from '../../packages/server/src/jobs/order-tasks.ts';
import { reportTasks } from '../../packages/server/src/jobs/report-tasks.ts';
import { sweepTask } from '../../packages/server/src/jobs/sweep.ts';
import { createRegistry, type TaskRegistry } from '../../packages/server/src/jobs/tasks.ts';
import { isFenced } from '../../packages/server/src/jobs/worker-store.ts';
import { createLog } from '../../packages/server/src/log.ts';
import { storeTurns } from '../../packages/server/src/personalisation/store-turns.ts';
import { watchCardsJob } from '../../packages/server/src/personalisation/watch.ts';
import { createGate } from '../../packages/server/src/platform/gate.ts';
import { createPlatform, type Platform } from '../../packages/server/src/platform/platform.ts';
import { createCardVault } from '../../packages/server/src/vault/card-vault.ts';
import type { Vault } from '../../packages/server/src/vault/vault.ts';
import type { Transaction } from '../../packages/server/src/work.ts';
import type { Random } from '../crash/random.ts';
import type { SimClock } from './clock.ts';
import { simEnvironment } from './intake.ts';
import { Strand } from './strand.ts';

/** What can happen to a transaction besides its success; the process goes on, or dies with it. */
export type TransactionFate = 'refused' | 'rolled-back' | 'unknown' | 'dies';

/** What a worker process is made of. */
export interface WorkerParts {
  readonly pool: Pool;
  readonly clock: SimClock;
  readonly random: Random;
  readonly vault: Vault;
  /** The platform's gateway. */
  readonly gatewayUrl: string;
  readonly fate: () => TransactionFate | undefined;
  readonly trace: (line: string) => void;
}

export interface DueJob extends HeldJob {
  readonly task: string;
}

const silent = createLog('silent');

/** The jobs that follow when an order's cards are proven, as the house adds them. */
export const fetchedJobs =
  (clock: SimClock): FetchedJobs =>
  (order) => [order.isTest ? advanceTestOrderJob(order) : watchCardsJob(order, new Date(clock.now()))];

/** One worker process: it keeps nothing that is not in the database but a cache and its connections. */
export class SimWorker {
  readonly id: bigint;
  readonly name: string;
  readonly #parts: WorkerParts;
  readonly #platform: Platform;
  strand: Strand | undefined;

  private constructor(parts: WorkerParts, id: bigint, name: string) {
    this.#parts = parts;
    this.id = id;
    this.name = name;
    const { pool, clock, random } = parts;
    const gate = createGate(pool, 'daily', { nowMs: clock.now, random });
    this.#platform = createPlatform({ ...simEnvironment, gateway: parts.gatewayUrl }, gate, {
      timing: { wallMs: clock.now, random },
      readTimeoutMs: 5_000,
    });
  }

  static async register(parts: WorkerParts, name: string): Promise<SimWorker> {
    const { rows } = await parts.pool.query<{ id: bigint }>(
      `with me as (select nextval(pg_get_serial_sequence('worker_process', 'worker_process_id')) as id)
       insert into worker_process (worker_process_id, host, pid, role, pool_ids) overriding system value
       select id, 'sim', 1, 'worker', array['sim-' || id] from me returning worker_process_id as id`,
    );
    return new SimWorker(parts, (rows[0] as { id: bigint }).id, name);
  }

  close(): void {
    this.#platform.close();
  }

  /** Takes a job, and runs it up to its first pause. False where it was taken by another, or is gone. */
  async take(job: DueJob): Promise<boolean> {
    const { rows } = await this.#parts.pool.query<{ attempts: number }>({
      name: 'sim-take',
      text: `update graphile_worker._private_jobs set attempts = attempts + 1, locked_at = sim.now(), locked_by = $2
        where id = $1 and is_available returning attempts`,
      values: [job.id, this.#enginePoolId],
    });
    const attempts = rows[0]?.attempts;
    if (attempts === undefined) return false;
    const strand = new Strand(`${this.name} ${job.task}`);
    this.strand = strand;
    await strand.start(() => this.#turn(strand, { ...job, attempts }));
    return true;
  }

  get #enginePoolId(): string {
    return `sim-${this.id}`;
  }

  async #turn(strand: Strand, job: DueJob): Promise<void> {
    const { pool, random, trace } = this.#parts;
    const client = {
      query: (query: object) => this.#pausing(strand, 'end', () => pool.query(query as never)),
    };
    try {
      await attemptJob(
        {
          registry: this.#registry(strand),
          holder: { client: client as unknown as Pool, workerId: this.id, enginePoolId: this.#enginePoolId },
          transaction: this.#transaction(strand),
          signal: new AbortController().signal,
          pauseMs: (pauses) => growingPauseMs(pauses, random),
          log: silent,
        },
        job.task,
        job,
      );
      // As the engine does: by id, whoever holds it.
      await pool.query('delete from graphile_worker._private_jobs where id = $1', [job.id]);
      trace(`${strand.name}: turn over`);
    } catch (error) {
      trace(`${strand.name}: ${isFenced(error) ? 'fenced' : 'turn failed'}`);
      if (!isFenced(error)) await this.#fail(job);
    }
  }

  /** As the engine does where a turn threw. */
  async #fail(job: DueJob): Promise<void> {
    await this.#parts.pool.query(
      `update graphile_worker._private_jobs set last_error = 'failed', locked_by = null, locked_at = null,
         run_at = greatest(sim.now(), run_at) + exp(least(attempts, 10)) * interval '1 second'
       where id = $1 and locked_by = $2`,
      [job.id, this.#enginePoolId],
    );
  }

  #registry(strand: Strand): TaskRegistry {
    const { clock, random, vault } = this.#parts;
    const cards = createCardVault(vault);
    const platform = this.#pausingPlatform(strand);
    const parts = {
      vault: cards,
      platformOf: () => platform,
      pause: async (): Promise<void> => undefined,
      random,
      nextJobs: fetchedJobs(clock),
      takeTurn: storeTurns({ pause: async () => undefined, nowMs: () => clock.now() }),
      pagesInFlight: 1,
      now: () => new Date(clock.now()),
      meansAlready: (_: unknown, code: string) => code.includes('already'),
    };
    const tasks = [
      ...planningTasks,
      ...cardTasks(parts),
      ...reportTasks(parts),
      sweepTask(fetchedJobs(clock), silent),
    ];
    // Without schedules, which would never come to rest: a sweep is asked for when a worker ended.
    return createRegistry(tasks);
  }

  /** Fenced as the product's own; it may fail in all the ways in which a transaction can. */
  #transaction(strand: Strand): Transaction {
    const { pool, fate, trace } = this.#parts;
    return async (work) => {
      await strand.pause('begin');
      const drawn = fate();
      if (drawn !== undefined) trace(`${strand.name}: a transaction, ${drawn}`);
      if (drawn === 'refused') throw new Error('the connection was refused');
      const lost = new Error('the connection was lost');
      const result = await inTransaction(pool, async (client) => {
        await client.query({
          name: 'fence',
          text: 'select assert_worker_alive($1)',
          values: [String(this.id)],
        });
        const done = await work(client);
        if (drawn === 'rolled-back' || drawn === 'dies') throw lost;
        return done;
      }).catch((error: unknown) => {
        if (error === lost && drawn === 'dies') return strand.die();
        throw error;
      });
      await strand.pause('committed');
      if (drawn === 'unknown') throw new CommitUnknown();
      return result;
    };
  }

  #pausingPlatform(strand: Strand): Platform {
    const { trace } = this.#parts;
    const real = this.#platform;
    const told = async <T extends { ok: boolean }>(what: string, call: () => Promise<T>): Promise<T> => {
      const outcome = await this.#pausing(strand, what, call);
      trace(`${strand.name}: ${what} → ${outcome.ok ? 'ok' : (outcome as unknown as { kind: string }).kind}`);
      return outcome;
    };
    return {
      cardPage: (id, pageNo, pageSize, signal) =>
        told(`page ${pageNo}`, () => real.cardPage(id, pageNo, pageSize, signal)),
      cardsByNumber: (cardNos, signal) => told('by number', () => real.cardsByNumber(cardNos, signal)),
      finish: (id, options) => told('finish', () => real.finish(id, options)),
      sended: (id, parcel, options) => told('sended', () => real.sended(id, parcel, options)),
      close: () => undefined,
    };
  }

  async #pausing<T>(strand: Strand, what: string, act: () => Promise<T>): Promise<T> {
    await strand.pause(what);
    const result = await act();
    await strand.pause(`${what} over`);
    return result;
  }
}
