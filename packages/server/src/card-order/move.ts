import type { Environment } from '@cardwright/top';
import type { PoolClient } from 'pg';
import type { StoredLine } from './content.ts';
import { type Hold, holdText } from './hold.ts';
import type { OrderState } from './transitions.ts';

/** Which order: ids of different environments may collide. */
export interface OrderKey {
  readonly environment: Environment;
  readonly cardOrderId: bigint;
}

/** An order as its workers see it, locked until their transaction ends. */
export interface LockedOrder extends OrderKey {
  readonly state: OrderState;
  readonly heldFrom: OrderState | null;
  readonly holdReason: string | null;
  /** Null until the order is planned. */
  readonly isTest: boolean | null;
  readonly cardCount: bigint;
  readonly lines: readonly StoredLine[];
}

/** Locks and reads an order; undefined where there is none. */
export async function lockOrder(client: PoolClient, key: OrderKey): Promise<LockedOrder | undefined> {
  const { rows } = await client.query<Omit<LockedOrder, keyof OrderKey>>({
    name: 'lock-order',
    text: `select state, held_from as "heldFrom", hold_reason as "holdReason", is_test as "isTest",
      card_count as "cardCount", lines
      from card_order where environment = $1 and card_order_id = $2 for no key update`,
    values: [key.environment, String(key.cardOrderId)],
  });
  const row = rows[0];
  return row && { ...key, ...row };
}

/** A move of an order: who, why, and what goes into the audit log beside from and to. */
export interface Move {
  readonly to: Exclude<OrderState, 'held'>;
  readonly actor: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  /** Decided when the order is planned, for ever. */
  readonly isTest?: boolean;
}

/** What a move has to know of an order that is locked. */
type MovingOrder = Pick<LockedOrder, keyof OrderKey | 'state'>;

/** When an order came into a state, for those states whose time is a fact of its own. */
const timeColumns: Partial<Readonly<Record<OrderState, string>>> = {
  cards_fetched: 'fetched_at',
  made: 'made_at',
  dispatched: 'dispatched_at',
  closed: 'ended_at',
  cancelled: 'ended_at',
  test_done: 'ended_at',
};

/** Moves a locked order on, with its audit row. The database refuses a way that is not in the table of transitions. */
export async function moveOrder(client: PoolClient, order: MovingOrder, move: Move): Promise<void> {
  const timeColumn = timeColumns[move.to];
  const time = timeColumn === undefined ? '' : `, ${timeColumn} = coalesce(${timeColumn}, now())`;
  await client.query({
    name: `move-order ${timeColumn ?? ''}`,
    text: withAudit(`state = $3, is_test = coalesce($6, is_test), hold_reason = null, held_from = null,
      hold_detail = null${time}`),
    values: [
      order.environment,
      String(order.cardOrderId),
      move.to,
      move.actor,
      JSON.stringify({ ...move.detail, from: order.state, to: move.to }),
      move.isTest ?? null,
    ],
  });
}

/** Holds a locked order with a reason. A hold of an order that is held already replaces its reason. */
export async function holdOrder(
  client: PoolClient,
  order: MovingOrder,
  hold: Hold,
  actor: string,
): Promise<void> {
  const reason = holdText(hold);
  await client.query({
    name: 'hold-order',
    text: withAudit(`state = $3, held_from = case when state = 'held' then held_from else state end,
      hold_reason = $6, hold_detail = $7`),
    values: [
      order.environment,
      String(order.cardOrderId),
      'held',
      actor,
      JSON.stringify({ reason, ...hold.seen, from: order.state, to: 'held' }),
      reason,
      hold.seen === undefined ? null : JSON.stringify(hold.seen),
    ],
  });
}

/** One statement, because every order moves several times. */
const withAudit = (assignments: string): string => `
with moved as (
  update card_order set ${assignments} where environment = $1 and card_order_id = $2 returning environment, card_order_id
)
select append_audit_event($4, 'order.state', environment, card_order_id, $5) from moved`;
