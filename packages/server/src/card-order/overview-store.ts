import type { Pool } from 'pg';
import type { StoredLine } from './content.ts';
import type { OrderState } from './transitions.ts';

/** An order as lists show it: no personal data. Times are ISO 8601. */
export interface OrderSummary {
  readonly environment: string;
  readonly cardOrderId: string;
  readonly makingCardNo: string;
  readonly state: OrderState;
  readonly holdReason: string | null;
  readonly cardCount: string;
  readonly receivedAt: string;
}

export interface OrderDetail extends OrderSummary {
  readonly lines: readonly StoredLine[];
  /** Null until the order is planned. */
  readonly isTest: boolean | null;
  readonly receiver: 'sealed' | 'shredded' | 'none';
  readonly logisticsCompany: string | null;
  readonly logisticsOrderId: string | null;
  readonly receiptAt: string | null;
  readonly conflicts: string;
  readonly timeline: readonly {
    at: string;
    actor: string;
    action: string;
    detail: Record<string, unknown>;
  }[];
}

const isoTime = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const summaryColumns = `environment, card_order_id::text as "cardOrderId", making_card_no as "makingCardNo", state,
  hold_reason as "holdReason", card_count::text as "cardCount", ${isoTime('received_at')} as "receivedAt"`;

/** The newest orders first. */
export async function listOrders(
  pool: Pool,
  filter: { environment?: string | undefined; state?: string | undefined; limit: number },
): Promise<readonly OrderSummary[]> {
  const result = await pool.query<OrderSummary>(
    `select ${summaryColumns} from card_order
     where ($1::text is null or environment = $1) and ($2::text is null or state = $2)
     order by received_at desc, card_order_id desc limit $3`,
    [filter.environment ?? null, filter.state ?? null, filter.limit],
  );
  return result.rows;
}

/** Orders with this platform id (one an environment), or with this number of ours; with their timelines. */
export async function showOrders(
  pool: Pool,
  idOrNumber: string,
  environment?: string,
): Promise<readonly OrderDetail[]> {
  const byId = /^\d{1,19}$/.test(idOrNumber);
  const result = await pool.query<OrderDetail>(
    `select ${summaryColumns}, lines, is_test as "isTest", case when receiver_shredded_at is not null then 'shredded'
         when receiver_sealed is null then 'none' else 'sealed' end as receiver,
       logistics_company as "logisticsCompany", logistics_order_id as "logisticsOrderId",
       ${isoTime('receipt_at')} as "receiptAt",
       (select coalesce(sum(times), 0)::text from card_order_conflict k
          where k.environment = c.environment and k.card_order_id = c.card_order_id) as conflicts,
       (select coalesce(json_agg(json_build_object('at', ${isoTime('a.at')}, 'actor', a.actor, 'action', a.action,
          'detail', a.detail) order by a.audit_event_id), '[]') from audit_event a
          where a.environment = c.environment and a.card_order_id = c.card_order_id) as timeline
     from card_order c where ${byId ? 'card_order_id = $1::numeric' : 'making_card_no = upper($1)'}
       and ($2::text is null or environment = $2)
     order by environment`,
    [idOrNumber, environment ?? null],
  );
  return result.rows;
}
