import type { PoolClient } from 'pg';
import { canMove, type OrderState } from './transitions.ts';

/** Runs work in one transaction; given by the composition root. */
export type Transaction = <T>(work: (client: PoolClient) => Promise<T>) => Promise<T>;

interface OrderToPlan {
  readonly state: OrderState;
  readonly hold_reason: string | null;
  readonly has_receiver: boolean;
  readonly unknown_templates: string[] | null;
}

const findSql = `
select c.state, c.hold_reason, c.receiver_sealed is not null as has_receiver,
  (select array_agg(distinct l."templateNo") from jsonb_to_recordset(c.lines) as l ("templateNo" text)
     where not exists (select 1 from template t where t.environment = c.environment and t.template_no = l."templateNo")
  ) as unknown_templates
from card_order c where c.environment = $1 and c.card_order_id = $2 for update`;

/**
 * Held shared by each plan, and alone for a moment by a re-plan. A plan that missed a template by a moment has written
 * its hold by then, and one that begins afterwards sees the template: no order stays held for a template that is known.
 */
const planningLock = 0x706c616e;

/**
 * Plans an order: `received` → `planned`, or `held` with the reason where a template is unknown or the address is
 * missing. Safe to repeat: an order that went on is left alone, a held one is looked at again.
 */
export async function planOrder(
  transaction: Transaction,
  environment: string,
  cardOrderId: bigint,
): Promise<void> {
  await transaction(async (client) => {
    // Before the order is read, in a statement of its own: what is read after it is no older than the lock.
    await client.query('select pg_advisory_xact_lock_shared($1, hashtext($2))', [planningLock, environment]);
    const key = [environment, String(cardOrderId)];
    const order = (await client.query<OrderToPlan>(findSql, key)).rows[0];
    if (order === undefined) throw new Error(`no order ${environment} ${cardOrderId} to plan`);
    if (order.state !== 'received' && order.state !== 'held') return;
    const reason = holdReason(order);
    const next: OrderState = reason === undefined ? 'planned' : 'held';
    if (next === order.state ? reason === order.hold_reason : !canMove(order.state, next)) return;
    await client.query(
      'update card_order set state = $3, hold_reason = $4 where environment = $1 and card_order_id = $2',
      [...key, next, reason ?? null],
    );
    await client.query(
      "insert into audit_event (actor, action, environment, card_order_id, detail) values ('planner', 'order.state', $1, $2, $3)",
      [...key, JSON.stringify({ from: order.state, to: next, ...(reason === undefined ? {} : { reason }) })],
    );
  });
}

function holdReason(order: OrderToPlan): string | undefined {
  if (order.unknown_templates !== null)
    return `unknown-template: ${order.unknown_templates.sort().join(', ')}`;
  return order.has_receiver ? undefined : 'missing-address';
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
  environment: string,
  templateNo: string,
): Promise<void> {
  const held = await transaction(async (client) => {
    await client.query('select pg_advisory_xact_lock($1, hashtext($2))', [planningLock, environment]);
    return (await client.query<{ id: string }>(heldForSql, [environment, templateNo])).rows;
  });
  for (const { id } of held) await planOrder(transaction, environment, BigInt(id));
}
