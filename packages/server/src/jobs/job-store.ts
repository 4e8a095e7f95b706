import type { ClientBase, Pool, PoolClient } from 'pg';
import { appendAudit } from '../audit/append.ts';
import { failpoint } from '../failpoint.ts';

/** A job whose turn it is, as the engine gave it. */
export interface HeldJob {
  readonly id: string;
  readonly payload: unknown;
  /** The key at the beginning of the turn. */
  readonly key: string | null;
  readonly attempts: number;
  /** How often it was put off before. */
  readonly pauses: number;
}

/** Who holds jobs: a worker, by the engine that locked them. */
export interface Holder {
  readonly client: ClientBase | Pool;
  readonly workerId: bigint;
  readonly enginePoolId: string;
}

/** Takes a done job out of the queue. False where it is not held any more. @throws SQLSTATE CW003 where fenced. */
export async function endTurn(holder: Holder, job: HeldJob): Promise<boolean> {
  await failpoint('job:before-end');
  const { rows } = await holder.client.query<{ was_held: boolean }>({
    name: 'finish-job',
    text: 'select finish_job($1, $2, $3) as was_held',
    values: [String(holder.workerId), job.id, holder.enginePoolId],
  });
  await failpoint('job:after-end');
  return rows[0]?.was_held === true;
}

/** Ends the turn of a job that goes on after a pause. @throws SQLSTATE CW003 where fenced. */
export async function putOff(
  holder: Holder,
  job: HeldJob,
  next: { pauseMs: number; tries: number; pauses: number; cause?: string },
): Promise<void> {
  await failpoint('job:before-put-off');
  await holder.client.query({
    name: 'rearm-job',
    text: 'select rearm_job($1, $2, $3, $4, $5, $6, $7, $8)',
    values: [
      String(holder.workerId),
      job.id,
      holder.enginePoolId,
      job.key,
      Math.max(0, Math.round(next.pauseMs)),
      next.tries,
      next.pauses,
      next.cause ?? null,
    ],
  });
  await failpoint('job:after-put-off');
}

/** Whether a newer job took the key of this one while it was being done. */
export async function hasLostItsKey(client: PoolClient, job: HeldJob): Promise<boolean> {
  if (job.key === null) return false;
  const { rows } = await client.query<{ key: string | null }>(
    'select key from graphile_worker.jobs where id = $1',
    [job.id],
  );
  return rows[0]?.key !== job.key;
}

/** Writes the row of a parked job and its audit row. */
export async function storeParked(
  client: PoolClient,
  task: string,
  job: HeldJob,
  cause: string,
): Promise<void> {
  const order = orderIn(job.payload);
  const { rows } = await client.query<{ id: bigint }>(
    `insert into parked_job (task, payload, job_key, environment, card_order_id, attempts, cause)
     values ($1, $2, $3, $4, $5, $6, $7) returning parked_job_id as id`,
    [
      task,
      JSON.stringify(job.payload),
      job.key,
      order?.environment ?? null,
      order === undefined ? null : String(order.cardOrderId),
      job.attempts,
      cause,
    ],
  );
  await appendAudit(client, [
    {
      actor: 'jobs',
      action: 'job.parked',
      ...order,
      detail: { parkedJobId: String(rows[0]?.id), task, attempts: job.attempts, cause },
    },
  ]);
}

/** The order that a payload names, if it does. */
function orderIn(payload: unknown): { environment: string; cardOrderId: bigint } | undefined {
  const { environment, cardOrderId } = (payload ?? {}) as Record<string, unknown>;
  return typeof environment === 'string' && typeof cardOrderId === 'string' && /^\d{1,19}$/.test(cardOrderId)
    ? { environment, cardOrderId: BigInt(cardOrderId) }
    : undefined;
}
