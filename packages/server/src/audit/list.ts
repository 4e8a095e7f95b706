import type { Pool } from 'pg';

/** An event for people. */
export interface ListedEvent {
  /** ISO 8601. */
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly environment: string | null;
  readonly cardOrderId: string | null;
  readonly detail: string;
  /** Chain and number, as findings name it: `7/120`. */
  readonly place: string;
}

const columns = `to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at, actor, action, environment,
  card_order_id::text as "cardOrderId", detail::text as detail, chain_no || '/' || chain_seq as place`;

/** The newest events, of all or of one order (in whatever environment). */
export async function newestEvents(
  pool: Pool,
  { cardOrderId, limit }: { cardOrderId?: string | undefined; limit: number },
): Promise<readonly ListedEvent[]> {
  const { rows } = await pool.query<ListedEvent>(
    cardOrderId === undefined
      ? { text: `select ${columns} from audit_event order by audit_event_id desc limit $1`, values: [limit] }
      : {
          // By environment, because the index begins with it.
          text: `select ${columns} from audit_event where environment in ('daily', 'pre', 'online') and card_order_id = $2
            order by audit_event_id desc limit $1`,
          values: [limit, cardOrderId],
        },
  );
  return rows;
}
