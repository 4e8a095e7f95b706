import { type ActivationRecord, cardCount, type OrderRecord } from '../records.ts';

/** Cards of one order; without `positions`, all of them. Positions count over all lines, from 0. */
export interface CardSelection {
  readonly order: OrderRecord;
  readonly positions?: readonly number[];
}

/** Which cards are active: the ones bought so and the ones activated since. */
export interface ActiveCards {
  has(order: OrderRecord, position: number): boolean;
  /** How many of an order's cards are active, and since when the last of them is. */
  of(order: OrderRecord): { readonly count: number; readonly lastAt?: string };
  /** How many of a selection are active. */
  countIn(selection: CardSelection): number;
  add(activation: ActivationRecord): void;
}

interface Active {
  all: boolean;
  readonly positions: Set<number>;
  lastAt: string;
}

export function createActiveCards(activations: readonly ActivationRecord[]): ActiveCards {
  const active = new Map<bigint, Active>();

  const activeCards: ActiveCards = {
    has(order, position) {
      const known = active.get(order.cardOrderId);
      if (order.purchase?.active === true || known?.all === true) return position < cardCount(order);
      return known?.positions.has(position) ?? false;
    },
    of(order) {
      const known = active.get(order.cardOrderId);
      if (order.purchase?.active === true) return { count: cardCount(order), lastAt: order.placedAt };
      if (known === undefined) return { count: 0 };
      return { count: known.all ? cardCount(order) : known.positions.size, lastAt: known.lastAt };
    },
    countIn({ order, positions }) {
      if (positions === undefined) return activeCards.of(order).count;
      return positions.filter((position) => activeCards.has(order, position)).length;
    },
    add({ orders, at }) {
      for (const { cardOrderId, positions } of orders) {
        const known = active.get(cardOrderId) ?? { all: false, positions: new Set(), lastAt: at };
        if (positions === undefined) known.all = true;
        else for (const position of positions) known.positions.add(Number(position));
        known.lastAt = at;
        active.set(cardOrderId, known);
      }
    },
  };
  for (const activation of activations) activeCards.add(activation);
  return activeCards;
}
