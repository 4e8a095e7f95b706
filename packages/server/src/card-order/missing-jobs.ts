import type { PoolClient } from 'pg';
import { addJob, type NewJob } from '../db/add-job.ts';
import type { Transaction } from '../work.ts';
import type { OrderKey } from './move.ts';
import type { FetchedJobs } from './operate.ts';
import { advanceTestOrderJob, reportFinishJob, reportSendedJob } from './order-jobs.ts';
import { fetchCardsJob } from './plan.ts';
import type { OrderState } from './transitions.ts';

/** The job that plans a new order; intake adds it in SQL, under the same key. */
export const planOrderJob = ({ environment, cardOrderId }: OrderKey): NewJob => ({
  task: 'plan-card-order',
  payload: { environment, cardOrderId: String(cardOrderId) },
  key: `${environment}:${cardOrderId}`,
});

/** An order that has not come to its end. */
interface OpenOrder extends OrderKey {
  readonly state: OrderState;
  readonly isTest: boolean;
  readonly isFinishReported: boolean;
  readonly isSendedReported: boolean;
}

/** The jobs that such an order has, where it does not wait for people. Without them it would stand still for ever. */
function jobsOf(order: OpenOrder, fetchedJobs: FetchedJobs): readonly NewJob[] {
  switch (order.state) {
    case 'received':
      return [planOrderJob(order)];
    case 'planned':
      return [fetchCardsJob(order)];
    case 'cards_fetched':
    case 'in_production':
      return fetchedJobs(order);
    case 'made':
      if (order.isTest) return [order.isFinishReported ? advanceTestOrderJob(order) : reportFinishJob(order)];
      return [...fetchedJobs(order), ...(order.isFinishReported ? [] : [reportFinishJob(order)])];
    case 'dispatched':
    case 'closed':
    case 'test_done':
      if (order.isSendedReported) return [];
      return [order.isFinishReported ? reportSendedJob(order) : reportFinishJob(order)];
    case 'held':
    case 'cancelled':
      return [];
  }
}

const orderColumns = `environment, card_order_id as "cardOrderId", state, is_test is true as "isTest",
  finish_reported_at is not null as "isFinishReported", sended_reported_at is not null as "isSendedReported"`;

/** The condition of the index `card_order_due`, so that orders that are over cost nothing. */
const isOpen = `(state in ('received', 'planned', 'cards_fetched', 'in_production', 'made')
  or state in ('dispatched', 'closed', 'test_done') and sended_reported_at is null)`;

const pageLength = 500;

/**
 * Gives every order that lacks a job that job again, unless it is parked and a person has to release it. Answers the
 * orders. Nothing should ever be found: each step adds the next job in its own transaction.
 */
export async function addMissingJobs(
  transaction: Transaction,
  fetchedJobs: FetchedJobs,
): Promise<OrderKey[]> {
  const healed: OrderKey[] = [];
  let after: OrderKey | undefined;
  do {
    const last: OrderKey | undefined = after;
    after = await transaction(async (client) => {
      const page = await openOrders(client, last);
      const { orders } = await findMissing(client, page, fetchedJobs);
      if (orders.length > 0) healed.push(...(await addJobsOf(client, orders, fetchedJobs)));
      return page.length < pageLength ? undefined : page.at(-1);
    });
  } while (after !== undefined);
  return healed;
}

async function openOrders(client: PoolClient, after: OrderKey | undefined): Promise<OpenOrder[]> {
  const { rows } = await client.query<OpenOrder>(
    `select ${orderColumns} from card_order
     where ${isOpen} and (environment, card_order_id) > ($1, $2::bigint)
     order by environment, card_order_id limit $3`,
    [after?.environment ?? '', String(after?.cardOrderId ?? 0n), pageLength],
  );
  return rows;
}

interface Missing {
  readonly orders: readonly OpenOrder[];
  readonly jobs: readonly NewJob[];
}

/** Of the jobs of these orders, those that neither wait, are under way, nor are parked. */
async function findMissing(
  client: PoolClient,
  orders: readonly OpenOrder[],
  fetchedJobs: FetchedJobs,
): Promise<Missing> {
  const wanted = orders.flatMap((order) => jobsOf(order, fetchedJobs).map((job) => ({ order, job })));
  if (wanted.length === 0) return { orders: [], jobs: [] };
  const { rows } = await client.query<{ key: string }>(
    `select key from graphile_worker.jobs where key = any ($1)
     union all select job_key from parked_job where released_at is null and job_key = any ($1)`,
    [wanted.map(({ job }) => job.key)],
  );
  const there = new Set(rows.map(({ key }) => key));
  const missing = wanted.filter(({ job }) => !there.has(job.key));
  return { orders: [...new Set(missing.map(({ order }) => order))], jobs: missing.map(({ job }) => job) };
}

/** Looks again under lock: whoever moves an order adds its next job before the lock is free. */
async function addJobsOf(
  client: PoolClient,
  orders: readonly OpenOrder[],
  fetchedJobs: FetchedJobs,
): Promise<OrderKey[]> {
  const { rows } = await client.query<OpenOrder>(
    `select ${orderColumns} from card_order
     where (environment, card_order_id) in (select * from unnest($1::text[], $2::bigint[])) and ${isOpen}
     order by environment, card_order_id for no key update`,
    [orders.map(({ environment }) => environment), orders.map(({ cardOrderId }) => String(cardOrderId))],
  );
  const missing = await findMissing(client, rows, fetchedJobs);
  for (const job of missing.jobs) await addJob(client, job);
  return missing.orders.map(({ environment, cardOrderId }) => ({ environment, cardOrderId }));
}
