import { masked } from './call-log.ts';
import { cardCount, type OrderRecord } from './records.ts';

export type Stage = 'unanswered' | 'accepted' | 'refused' | 'finished' | 'shipped' | 'received';

/** An order as it is shown: with its stage and number of cards, the receiver masked. */
export interface OrderView extends OrderRecord {
  readonly stage: Stage;
  readonly cards: number;
  /** How many cards are active, and since when the last of them is. */
  readonly activated: number;
  readonly activatedAt?: string;
}

/** What an order's own record does not tell. */
export interface OrderFacts {
  activeCards(order: OrderRecord): { readonly count: number; readonly lastAt?: string };
}

function stageOf(order: OrderRecord): Stage {
  if (order.receiptAt !== undefined) return 'received';
  if (order.shipment !== undefined) return 'shipped';
  if (order.finishedAt !== undefined) return 'finished';
  if (order.makerAnswer === undefined) return 'unanswered';
  return order.makerAnswer.accepted ? 'accepted' : 'refused';
}

export function orderView(order: OrderRecord, facts: OrderFacts): OrderView {
  const { count: activated, lastAt: activatedAt } = facts.activeCards(order);
  const activation = { activated, ...(activatedAt === undefined ? {} : { activatedAt }) };
  const shown = { ...order, stage: stageOf(order), cards: cardCount(order), ...activation };
  const { receiver } = order;
  if (receiver === undefined) return shown;
  const maskedReceiver = {
    receiver_name: masked(receiver.receiver_name),
    receiver_number: masked(receiver.receiver_number),
    receiver_address: masked(receiver.receiver_address),
    receiver_zip_code: masked(receiver.receiver_zip_code),
  };
  return { ...shown, receiver: maskedReceiver };
}
