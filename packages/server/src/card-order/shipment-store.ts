import type { PoolClient } from 'pg';
import type { OrderKey } from './move.ts';

/**
 * Stores with what an order was shipped. Without a number (of an order that is shipped virtually) it is `TEST` and our
 * number of the order. Answers the number.
 */
export async function storeShipment(
  client: PoolClient,
  key: OrderKey,
  shipment: { readonly company: string; readonly number: string | undefined },
): Promise<string> {
  const { rows } = await client.query<{ number: string }>(
    `update card_order set logistics_company = $3, logistics_order_id = coalesce($4, 'TEST' || making_card_no)
     where environment = $1 and card_order_id = $2 returning logistics_order_id as number`,
    [key.environment, String(key.cardOrderId), shipment.company, shipment.number ?? null],
  );
  return (rows[0] as { number: string }).number;
}
