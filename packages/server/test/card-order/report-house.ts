import type { TestContext } from 'node:test';
import { type Sandbox, startSandbox } from '@cardwright/sandbox';
import type { Pool } from 'pg';
import { advanceTestOrder } from '../../src/card-order/advance-test-order.ts';
import type { OrderKey } from '../../src/card-order/move.ts';
import { alreadyByCodes, type ReportParts, reportFinish, reportSended } from '../../src/card-order/report.ts';
import { addJob, type NewJob } from '../../src/db/add-job.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { createGate } from '../../src/platform/gate.ts';
import { createPlatform } from '../../src/platform/platform.ts';
import { GiveUp, type Transaction, TryLater, type Work } from '../../src/work.ts';
import { appKey, appSecret, environmentAt } from '../platform/fake-platform.ts';
import { testDatabase } from '../postgres.ts';

/** The sandbox platform, a database, and what does the jobs, all on one virtual clock. */
export interface ReportHouse {
  readonly pool: Pool;
  readonly sandbox: Sandbox;
  readonly parts: ReportParts;
  readonly clock: { nowMs: number };
  readonly transaction: Transaction;
  /** An order that both sides know; in our database in this state. */
  order(
    id: bigint,
    state: string,
    more?: { isTest?: boolean; company?: string; number?: string },
  ): Promise<OrderKey>;
  add(job: NewJob): Promise<void>;
  /** Does jobs until none is left, as the engine would; answers the causes of those that were given up. */
  work(options?: WorkOptions): Promise<readonly string[]>;
  /** How an order stands, as one line. */
  stand(key: OrderKey): Promise<string>;
}
interface WorkOptions {
  /** Says where a worker dies: before a transaction, or after its commit. */
  readonly dies?: () => 'before' | 'after' | undefined;
  readonly mostTurns?: number;
}

export class WorkerDied extends Error {}

export async function openReportHouse(t: TestContext, readTimeoutMs = 60): Promise<ReportHouse> {
  const { pool } = await testDatabase(t);
  const clock = { nowMs: Date.UTC(2026, 10, 24, 2) };
  const sandbox = await startSandbox({
    port: 0,
    maker: 'http://127.0.0.1:9/spi',
    appKey,
    appSecret,
    clock: () => new Date(clock.nowMs),
  });
  t.after(() => sandbox.close());
  const gate = createGate(pool, 'daily', { nowMs: () => clock.nowMs, cacheMs: 0 });
  const environment = environmentAt(`${sandbox.url}/router/rest`);
  const platform = createPlatform(environment, gate, {
    readTimeoutMs,
    timing: { wallMs: () => clock.nowMs },
  });
  t.after(() => platform.close());
  const parts: ReportParts = {
    platformOf: () => platform,
    meansAlready: alreadyByCodes([environment]),
  };
  const transaction: Transaction = (work) => inTransaction(pool, work);
  return {
    pool,
    sandbox,
    parts,
    clock,
    transaction,
    add: (job) => addJob(pool, job),
    order: (id, state, more = {}) => insertOrder(pool, sandbox, id, state, more),
    work: (options = {}) => workOff(pool, parts, clock, options),
    stand: (key) => standOf(pool, key),
  };
}

async function insertOrder(
  pool: Pool,
  sandbox: Sandbox,
  id: bigint,
  state: string,
  more: { isTest?: boolean; company?: string; number?: string },
): Promise<OrderKey> {
  await sandbox.placeOrder({ cardOrderId: id, lines: { templates: 1, cards: 1n } });
  await pool.query(
    `insert into card_order (environment, card_order_id, making_card_no, content_fingerprint, lines, card_count, state,
       is_test, logistics_company, logistics_order_id)
     values ('daily', $1::bigint, 'CWD' || $1, '\\x00', $2, 1, $3, $4, $5, $6)`,
    [
      String(id),
      '[{"templateNo":"T1","count":"1","parValueFen":"100","cardName":"x"}]',
      state,
      more.isTest ?? false,
      more.company ?? null,
      more.number ?? null,
    ],
  );
  return { environment: 'daily', cardOrderId: id };
}

const tasks = {
  'report-finish': (parts: ReportParts, work: Work, key: OrderKey) => reportFinish(parts, work, key),
  'report-sended': (parts: ReportParts, work: Work, key: OrderKey) => reportSended(parts, work, key),
  'advance-test-order': (_parts: ReportParts, work: Work, key: OrderKey) => advanceTestOrder(work, key),
};

interface JobRow {
  readonly id: string;
  readonly task: keyof typeof tasks;
  readonly payload: { readonly cardOrderId: string };
}

async function workOff(
  pool: Pool,
  parts: ReportParts,
  clock: { nowMs: number },
  options: WorkOptions,
): Promise<readonly string[]> {
  const givenUp: string[] = [];
  const transaction = mortal((work) => inTransaction(pool, work), options.dies ?? (() => undefined));
  for (let turns = 0; turns < (options.mostTurns ?? 500); turns++) {
    const { rows } = await pool.query<JobRow>(
      `select j.id::text, t.identifier as task, j.payload from graphile_worker._private_jobs j
       join graphile_worker._private_tasks t on t.id = j.task_id order by j.priority, j.id limit 1`,
    );
    const job = rows[0];
    if (job === undefined) return givenUp;
    const key: OrderKey = { environment: 'daily', cardOrderId: BigInt(job.payload.cardOrderId) };
    // Each turn begins with the job out of the queue, so that one which is added meanwhile is not lost with it.
    await pool.query('delete from graphile_worker._private_jobs where id = $1', [job.id]);
    const again = () =>
      addJob(pool, {
        task: job.task,
        payload: { ...key, cardOrderId: job.payload.cardOrderId },
        key: `${job.task}:daily:${key.cardOrderId}`,
      });
    try {
      const work: Work = { transaction, attempt: turns + 1, signal: new AbortController().signal };
      await tasks[job.task](parts, work, key);
    } catch (error) {
      if (error instanceof GiveUp) {
        givenUp.push(error.message);
        continue;
      }
      if (error instanceof TryLater) clock.nowMs += error.delayMs ?? 1_000;
      else if (!(error instanceof WorkerDied)) throw error;
      await again();
    }
  }
  throw new Error('the jobs never came to an end');
}

function mortal(transaction: Transaction, dies: () => 'before' | 'after' | undefined): Transaction {
  return async (work) => {
    const death = dies();
    if (death === 'before') throw new WorkerDied();
    const result = await transaction(work);
    if (death === 'after') throw new WorkerDied();
    return result;
  };
}

async function standOf(pool: Pool, { cardOrderId }: OrderKey): Promise<string> {
  const { rows } = await pool.query<{ stand: string }>(
    `select state || case when finish_reported_at is null then '' else ' finish' end
       || case when sended_reported_at is null then '' else ' sended' end as stand
     from card_order where environment = 'daily' and card_order_id = $1`,
    [String(cardOrderId)],
  );
  return rows[0]?.stand ?? 'none';
}
