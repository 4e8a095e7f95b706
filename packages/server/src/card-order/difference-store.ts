import type { PoolClient } from 'pg';
import { type Hold, holdText } from './hold.ts';
import type { LockedOrder, OrderKey } from './move.ts';

/** Over what exactly is approved: reason and detail of the hold. A hold that changes asks for both people again. */
const digestSql = `sha256(convert_to(hold_reason || chr(10) || coalesce(hold_detail::text, ''), 'UTF8'))`;

export interface Approval {
  /** Everybody who approved this very difference; a name counts once, however it is capitalised. */
  readonly approvedBy: readonly string[];
  /** Hex. */
  readonly digest: string;
  /** False where this person had approved it before. */
  readonly isNew: boolean;
}

/** Stores a person's approval of what a locked order is held for. */
export async function approveDifference(
  client: PoolClient,
  order: LockedOrder,
  person: string,
): Promise<Approval> {
  const place = [order.environment, String(order.cardOrderId)];
  const { rows } = await client.query<{ digest: Buffer }>(
    `select ${digestSql} as digest from card_order where environment = $1 and card_order_id = $2`,
    place,
  );
  const { digest } = rows[0] as { digest: Buffer };
  const inserted = await client.query(
    `insert into difference_approval (environment, card_order_id, hold_digest, person)
     select $1::text, $2::bigint, $3::bytea, $4::text where not exists (select from difference_approval d
       where d.environment = $1 and d.card_order_id = $2 and d.hold_digest = $3 and lower(d.person) = lower($4))`,
    [...place, digest, person],
  );
  const approvals = await client.query<{ person: string }>(
    `select person from difference_approval where environment = $1 and card_order_id = $2 and hold_digest = $3
     order by at, person`,
    [...place, digest],
  );
  return {
    approvedBy: approvals.rows.map((row) => row.person),
    digest: digest.toString('hex'),
    isNew: inserted.rowCount === 1,
  };
}

/** Whether two people accepted that very hold of the order: then it is no reason any more. */
export async function isAccepted(client: PoolClient, key: OrderKey, hold: Hold): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from difference_approval where environment = $1 and card_order_id = $2
       and hold_digest = sha256(convert_to($3::text || chr(10) || coalesce($4::jsonb::text, ''), 'UTF8'))
     having count(*) >= 2`,
    [
      key.environment,
      String(key.cardOrderId),
      holdText(hold),
      hold.seen === undefined ? null : JSON.stringify(hold.seen),
    ],
  );
  return rowCount === 1;
}

/** Whether the cards of a locked order are as many as ordered of each template, or two people accepted that they are not. */
export async function cardsAreAsOrderedOrAccepted(client: PoolClient, order: LockedOrder): Promise<boolean> {
  const { rows } = await client.query<{ fits: boolean }>(
    `with ordered as (
       select l."templateNo" as template_no, sum(l.count::bigint) as cards
       from card_order c cross join lateral jsonb_to_recordset(c.lines) as l ("templateNo" text, count text)
       where c.environment = $1 and c.card_order_id = $2 group by 1
     ), fetched as (
       select template_no, count(*) as cards from placed_card where environment = $1 and card_order_id = $2 group by 1
     )
     select not exists (select from ordered o full join fetched f using (template_no) where o.cards is distinct from f.cards)
       or exists (select from difference_approval where environment = $1 and card_order_id = $2
         group by hold_digest having count(*) >= 2) as fits`,
    [order.environment, String(order.cardOrderId)],
  );
  return rows[0]?.fits === true;
}
