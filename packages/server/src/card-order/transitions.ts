import type { PlatformStatus } from '@cardwright/top';
import type { Pool } from 'pg';

/** Of which orders: those of test templates (is_test) live virtually and never reach production. */
type AppliesTo = 'all' | 'real' | 'test';

/** The house states of an order and where each may go. The database keeps the same table, and refuses all else. */
export const transitions = {
  received: { planned: 'all', held: 'all', cancelled: 'all' },
  planned: { cards_fetched: 'all', held: 'all', cancelled: 'all' },
  cards_fetched: { in_production: 'real', made: 'test', held: 'all', cancelled: 'all' },
  in_production: { made: 'real', held: 'real', cancelled: 'real' },
  made: { dispatched: 'all', held: 'all' },
  dispatched: { closed: 'real', test_done: 'test' },
  held: {
    planned: 'all',
    cards_fetched: 'all',
    in_production: 'real',
    made: 'all',
    cancelled: 'all',
  },
  closed: {},
  cancelled: {},
  test_done: {},
} as const satisfies Record<string, Readonly<Record<string, AppliesTo>>>;

export type OrderState = keyof typeof transitions;

/** The platform's four statuses are a projection of the house states; a held order is still being made. */
export const platformStatusOf: Readonly<Record<OrderState, PlatformStatus>> = {
  received: 'REQUEST_RECEIVED',
  planned: 'REQUEST_RECEIVED',
  cards_fetched: 'REQUEST_RECEIVED',
  in_production: 'REQUEST_RECEIVED',
  held: 'REQUEST_RECEIVED',
  cancelled: 'REQUEST_RECEIVED',
  made: 'WAITING_DELIVERY',
  dispatched: 'DELIVERED',
  closed: 'DELIVERED',
  test_done: 'DELIVERED',
};

/** Compares this table with the database's; throws where they differ, so that a product of another version never starts. */
export async function checkTransitions(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ way: string }>(
    "select from_state || ' → ' || to_state || ' (' || applies_to || ')' as way from order_transition",
  );
  const here = Object.entries(transitions).flatMap(([from, ways]) =>
    Object.entries(ways).map(([to, appliesTo]) => `${from} → ${to} (${appliesTo})`),
  );
  const there = new Set(rows.map(({ way }) => way));
  const differing = [...here.filter((way) => !there.delete(way)), ...there];
  if (differing.length > 0) {
    throw new Error(
      `状态表与数据库不一致 · the table of order states differs from the database's: ${differing.join(', ')}; run the version of Cardwright that this database belongs to`,
    );
  }
}
