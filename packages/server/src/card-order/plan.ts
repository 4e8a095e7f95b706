import type { Environment } from '@cardwright/top';
import type { PoolClient } from 'pg';
import { addJob, type NewJob } from '../db/add-job.ts';
import { GiveUp, type Transaction } from '../work.ts';
import { type Hold, holdText } from './hold.ts';
import { holdOrder, moveOrder, type OrderKey } from './move.ts';
import type { OrderState } from './transitions.ts';

interface OrderToPlan {
  readonly state: OrderState;
  readonly held_from: OrderState | null;
  readonly hold_reason: string | null;
  readonly has_receiver: boolean;
  /** Templates that are not known. */
  readonly unknown: string[] | null;
  /** How many of its templates are test templates, and how many are real. */
  readonly tests: bigint;
  readonly reals: bigint;
}

/**
 * Held shared by each plan, and alone for a moment by a re-plan. A plan that missed a template by a moment has written
 * its hold by then, and one that begins afterwards sees the template: no order stays held for a template that is known.
 * (`lock_order_to_plan` takes it under the same number.)
 */
const planningLock = 0x706c616e;

/**
 * Plans an order: `received` → `planned`, with the job that fetches its cards, or `held` with the reason where a template
 * is unknown or the address is missing. Safe to repeat: an order that went on is left alone, one that was held by a
 * plan is looked at again.
 */
export async function planOrder(transaction: Transaction, key: OrderKey): Promise<void> {
  await transaction(async (client) => {
    const { rows } = await client.query<OrderToPlan>({
      name: 'lock-order-to-plan',
      text: 'select * from lock_order_to_plan($1, $2)',
      values: [key.environment, String(key.cardOrderId)],
    });
    const [found] = rows;
    if (found === undefined) throw new GiveUp(`no order ${key.environment} ${key.cardOrderId} to plan`);
    if (found.state !== 'received' && found.held_from !== 'received') return;
    const order = { ...key, state: found.state };
    const hold = holdOf(found);
    if (hold !== undefined) {
      if (holdText(hold) !== found.hold_reason) await holdOrder(client, order, hold, 'planner');
      return;
    }
    const isTest = found.tests > 0n;
    await addJob(client, fetchCardsJob(key));
    const detail = isTest ? { isTest } : {};
    await moveOrder(client, order, { to: 'planned', actor: 'planner', isTest, detail });
  });
}

/** The job that fetches an order's cards, once it is planned. */
export const fetchCardsJob = (key: OrderKey): NewJob => ({
  task: 'fetch-cards',
  payload: { environment: key.environment, cardOrderId: String(key.cardOrderId) },
  key: `fetch-cards:${key.environment}:${key.cardOrderId}`,
});

function holdOf(order: OrderToPlan): Hold | undefined {
  if (order.unknown !== null) return { code: 'unknown-template', words: order.unknown.join(', ') };
  if (order.tests > 0n && order.reals > 0n) return { code: 'mixed-test-templates' };
  // What is never made is never shipped.
  return order.tests === 0n && !order.has_receiver ? { code: 'missing-address' } : undefined;
}

/**
 * Asks for another look at the orders that are held because this template was unknown: one job, in the transaction that
 * stores the template, whatever the number of orders. (Touching their own jobs here met the workers in deadlocks.)
 */
export async function requestReplan(
  client: PoolClient,
  environment: string,
  templateNo: string,
): Promise<void> {
  await client.query(
    "select graphile_worker.add_job('replan-held-orders', json_build_object('environment', $1::text, 'templateNo', $2::text))",
    [environment, templateNo],
  );
}

const heldForSql = `select card_order_id::text as id from card_order
  where environment = $1 and state = 'held' and hold_reason like 'unknown-template:%'
    and lines @> jsonb_build_array(jsonb_build_object('templateNo', $2::text))
  order by card_order_id`;

/** Plans again each order that is held for a template, one transaction an order. Safe to repeat. */
export async function replanHeldFor(
  transaction: Transaction,
  environment: Environment,
  templateNo: string,
): Promise<void> {
  const held = await transaction(async (client) => {
    await client.query('select pg_advisory_xact_lock($1, hashtext($2))', [planningLock, environment]);
    return (await client.query<{ id: string }>(heldForSql, [environment, templateNo])).rows;
  });
  for (const { id } of held) await planOrder(transaction, { environment, cardOrderId: BigInt(id) });
}
