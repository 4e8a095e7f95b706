import type { PoolClient } from 'pg';
import { type LockedOrder, moveOrder } from '../card-order/move.ts';
import { fetchCardsJob } from '../card-order/plan.ts';
import { addJob } from '../db/add-job.ts';

/**
 * Fetches an order's cards anew: what was seen of them is kept as former cards, so that a card that comes again must be
 * the same, its pages go, and the order is `planned` again. Only for an order that is held from `planned` or
 * `cards_fetched`: nothing of it was released. In the caller's transaction.
 */
export async function restartFetch(client: PoolClient, order: LockedOrder, actor: string): Promise<void> {
  const place = [order.environment, String(order.cardOrderId)];
  // A million cards take longer than an operator's statement may: 10 s, seen on two cores.
  await client.query('set local statement_timeout = 0');
  const status = await client.query(
    `delete from card_status_change where environment = $1 and card_order_id = $2`,
    place,
  );
  const cards = await client.query(
    `with gone as (
       delete from card c using card_page p
       where p.environment = $1 and p.card_order_id = $2 and c.card_page_id = p.card_page_id
       returning p.environment, p.card_order_id, c.number_mac, c.content_mac
     )
     insert into former_card select * from gone on conflict do nothing`,
    place,
  );
  await client.query('delete from card_page where environment = $1 and card_order_id = $2', place);
  await addJob(client, fetchCardsJob(order));
  await moveOrder(client, order, {
    to: 'planned',
    actor,
    detail: { refetch: true, formerCards: cards.rowCount ?? 0, statusChangesDropped: status.rowCount ?? 0 },
  });
}
