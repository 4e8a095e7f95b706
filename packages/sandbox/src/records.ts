import {
  bool,
  choice,
  digits,
  environments,
  type Infer,
  int64,
  list,
  logisticsInfo,
  optional,
  required,
  struct,
  text,
} from '@cardwright/top';
import { maxCardsPerLine, maxLines } from './cards.ts';

/** A card template (卡模板), as it was announced to the maker. */
export const templateRecord = struct({
  templateNo: required(text(64)),
  cardName: required(text(256)),
  parValueFen: required(digits()),
  pictureUrl: optional(text(2048)),
  isTest: required(bool()),
});
export type TemplateRecord = Infer<typeof templateRecord>;

/** One line of a card order: `count` cards of one template, as it was at the time of ordering. */
export const orderLine = struct({
  templateNo: required(text(64)),
  count: required(int64(1n)),
  parValueFen: required(digits()),
  cardName: required(text(256)),
  pictureUrl: optional(text(2048)),
});
export type OrderLine = Infer<typeof orderLine>;

/** What the maker last said to `cardorder.make`; `at` is ISO 8601. */
const makerAnswer = struct({
  at: required(text(32)),
  accepted: required(bool()),
  makingCardNo: optional(text(64)),
  resultCode: optional(text(128)),
});

const shipment = struct({
  at: required(text(32)),
  logisticsOrderId: required(text(128)),
  logisticsCompany: required(text(128)),
});

/** A card order (制卡单) and what happened to it. Instants are ISO 8601. Cards are not stored: see cards.ts. */
export const orderRecord = struct({
  cardOrderId: required(digits()),
  placedAt: required(text(32)),
  lines: required(list(orderLine, { min: 1, max: maxLines, tag: 'line' })),
  receiver: optional(logisticsInfo),
  makerAnswer: optional(makerAnswer),
  /** When the maker said that the cards are made (make.finish). */
  finishedAt: optional(text(32)),
  /** What the maker said about the parcel (status.sended). */
  shipment: optional(shipment),
  /** When the buyer's receipt was passed on to the maker, and the maker agreed. */
  receiptAt: optional(text(32)),
});
export type OrderRecord = Infer<typeof orderRecord>;

/** The whole state of a sandbox, as its file holds it. */
export const sandboxState = struct({
  version: required(int64(1n)),
  seed: required(text(256)),
  ownSign: required(choice(...environments)),
  templates: required(list(templateRecord, { max: 1_000_000, tag: 'template' })),
  orders: required(list(orderRecord, { max: 10_000_000, tag: 'order' })),
});
export type SandboxState = Infer<typeof sandboxState>;

/** Cards of an order, over all lines. */
export function cardCount(order: Pick<OrderRecord, 'lines'>): number {
  return order.lines.reduce((sum, { count }) => sum + Number(count), 0);
}

/** The first limit that a new order breaks, in words; undefined if none. */
export function orderLimitProblem(lines: readonly { readonly count: bigint }[]): string | undefined {
  if (lines.length === 0) return 'an order needs at least one line';
  if (lines.length > maxLines) return `an order has at most ${maxLines} lines`;
  const wrong = lines.find(({ count }) => count < 1n || count > BigInt(maxCardsPerLine));
  return wrong === undefined ? undefined : `a line has 1 to ${maxCardsPerLine} cards`;
}
