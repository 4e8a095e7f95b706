import type { PlatformStatus } from '@cardwright/top';

/** The house states of an order and where each may go. */
export const transitions = {
  received: ['planned', 'held', 'cancelled'],
  planned: ['cards_fetched', 'held', 'cancelled'],
  cards_fetched: ['in_production', 'test_done', 'held', 'cancelled'],
  in_production: ['made', 'held', 'cancelled'],
  made: ['dispatched', 'held'],
  dispatched: ['closed'],
  held: ['received', 'planned', 'cards_fetched', 'in_production', 'made', 'cancelled'],
  closed: [],
  cancelled: [],
  test_done: [],
} as const satisfies Record<string, readonly string[]>;

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

export const canMove = (from: OrderState, to: OrderState): boolean =>
  (transitions[from] as readonly string[]).includes(to);
