import type { Environment } from '@cardwright/top';
import type { Pool } from 'pg';
import type { OrderState } from './transitions.ts';

export interface OrderProgress {
  readonly state: OrderState;
  readonly logisticsCompany: string;
  readonly logisticsOrderId: string;
}

/** The order's true state, or undefined where there is no such order. */
export async function findProgress(
  pool: Pool,
  environment: Environment,
  cardOrderId: bigint,
): Promise<OrderProgress | undefined> {
  const result = await pool.query<{
    state: OrderState;
    logistics_company: string | null;
    logistics_order_id: string | null;
  }>({
    name: 'find-progress',
    text: 'select state, logistics_company, logistics_order_id from card_order where environment = $1 and card_order_id = $2',
    values: [environment, String(cardOrderId)],
  });
  const row = result.rows[0];
  return (
    row && {
      state: row.state,
      logisticsCompany: row.logistics_company ?? '',
      logisticsOrderId: row.logistics_order_id ?? '',
    }
  );
}

const receiptSql = `
with found as (
  select environment, card_order_id, state, receipt_at is not null as repeated, case
      when state <> 'dispatched' then state when is_test then 'test_done' else 'closed' end as next
  from card_order where environment = $1 and card_order_id = $2 for update
), stored as (
  update card_order c set receipt_at = coalesce(c.receipt_at, now()), state = f.next,
    ended_at = case when c.state = 'dispatched' then now() else c.ended_at end
  from found f where c.environment = f.environment and c.card_order_id = f.card_order_id
    and (not f.repeated or f.next <> f.state)
  returning c.state
)
select f.repeated, case when s.state is not null then append_audit_event('platform', 'order.receipt', f.environment,
  f.card_order_id, jsonb_build_object('from', f.state, 'to', s.state)) end
from found f left join stored s on true`;

/**
 * Stores that the buyer confirmed the arrival (确认收货); a dispatched order is closed by it. In any other state the
 * fact is kept and the order goes on: a receipt is never lost, and never moves an order that was not shipped. One that
 * came too early closes the order when it is shipped, or when it comes again.
 */
export async function storeReceipt(
  pool: Pool,
  environment: Environment,
  cardOrderId: bigint,
): Promise<'stored' | 'duplicate' | 'not-found'> {
  const result = await pool.query<{ repeated: boolean }>({
    name: 'store-receipt',
    text: receiptSql,
    values: [environment, String(cardOrderId)],
  });
  const row = result.rows[0];
  if (row === undefined) return 'not-found';
  return row.repeated ? 'duplicate' : 'stored';
}
