import type { PoolClient } from 'pg';
import { type LockedOrder, moveOrder } from './move.ts';

/** With what an order is shipped; without a number (nothing is really shipped) it is `TEST` and our number of the order. */
export interface OrderShipment {
  readonly company: string;
  readonly number: string | undefined;
}

/**
 * Moves a locked order that is made to `dispatched`. Where the buyer's receipt came before that was written down, the
 * order has come to its end with it. Answers the waybill number.
 */
export async function dispatchOrder(
  client: PoolClient,
  order: LockedOrder,
  shipment: OrderShipment,
  actor: string,
  detail: Readonly<Record<string, unknown>>,
): Promise<string> {
  const { rows } = await client.query<{ number: string; is_received: boolean }>(
    `update card_order set logistics_company = $3, logistics_order_id = coalesce($4, 'TEST' || making_card_no)
     where environment = $1 and card_order_id = $2
     returning logistics_order_id as number, receipt_at is not null as is_received`,
    [order.environment, String(order.cardOrderId), shipment.company, shipment.number ?? null],
  );
  const { number, is_received: isReceived } = rows[0] as { number: string; is_received: boolean };
  const { company } = shipment;
  await moveOrder(client, order, { to: 'dispatched', actor, detail: { company, number, ...detail } });
  if (isReceived) {
    const to = order.isTest === true ? 'test_done' : 'closed';
    await moveOrder(
      client,
      { ...order, state: 'dispatched' },
      { to, actor, detail: { receivedBefore: true } },
    );
  }
  return number;
}
