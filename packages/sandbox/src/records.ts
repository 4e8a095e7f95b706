import {
  bool,
  choice,
  digits,
  type Environment,
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

/** How an order was bought (cardorder.fetch.card.async); `digest` tells a repeat from another request. */
const purchase = struct({
  outBizId: required(text(32)),
  digest: required(text(64)),
  userId: required(int64()),
  /** Whether its cards are active from the beginning. */
  active: required(bool()),
});

/** The notices of cardorder.make.success to the business party; at least once, so there may be several. */
const makeSuccess = struct({
  deliveries: required(int64(1n)),
  lastAt: required(text(32)),
  /** Why the last one did not arrive. */
  problem: optional(text(1024)),
  acknowledgedAt: optional(text(32)),
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
  purchase: optional(purchase),
  makeSuccess: optional(makeSuccess),
});
export type OrderRecord = Infer<typeof orderRecord>;

/** One activation (cardorder.card.active). `positions` count over all lines, from 0; without them it is the whole order. */
export const activationRecord = struct({
  outBizId: required(text(64)),
  digest: required(text(64)),
  optUserId: required(int64()),
  at: required(text(32)),
  orders: required(
    list(
      struct({
        cardOrderId: required(digits()),
        positions: optional(list(int64(), { max: 10_000, tag: 'position' })),
      }),
      { min: 1, max: 10_000, tag: 'order' },
    ),
  ),
});
export type ActivationRecord = Infer<typeof activationRecord>;

/** One call of the maker that asked for an effect on an order, in the order in which they were decided. */
export const askRecord = struct({
  cardOrderId: required(digits()),
  asked: required(choice('finish', 'sended')),
  at: required(text(32)),
  /** `done`: took effect. Everything else changed nothing. */
  outcome: required(
    choice('done', 'repeated', 'unknown-order', 'not-finished', 'other-shipment', 'not-reached'),
  ),
  /** The fault that struck the call, and for `not-reached` kept it from acting. */
  fault: optional(text(64)),
});
export type AskRecord = Infer<typeof askRecord>;

/** A rule of the fault plan with what it has done so far; see faults/plan.ts. */
export const faultRecord = struct({
  id: required(int64(1n)),
  kind: required(text(64)),
  method: optional(text(128)),
  cardOrderId: optional(digits()),
  pages: optional(list(int64(1n), { min: 1, max: 10_000, tag: 'page' })),
  times: required(int64()),
  afterCalls: required(int64()),
  value: optional(int64()),
  struck: required(int64()),
});
export type FaultRecord = Infer<typeof faultRecord>;

/** Seeded faults; `rate` is a decimal fraction. */
export const chaosRecord = struct({
  seed: required(text(256)),
  rate: required(text(32)),
  kinds: optional(list(text(64), { max: 1000, tag: 'kind' })),
});
export type ChaosRecord = Infer<typeof chaosRecord>;

const identity = struct({
  version: required(int64(1n)),
  seed: required(text(256)),
  ownSign: required(choice(...environments)),
});

/**
 * One line of the state file: what changed, each part replacing the former one of the same key. `sandbox` is the
 * first line's.
 */
export const stateChange = struct({
  sandbox: optional(identity),
  template: optional(templateRecord),
  order: optional(orderRecord),
  activation: optional(activationRecord),
  ask: optional(askRecord),
  fault: optional(faultRecord),
  faultGone: optional(int64(1n)),
  chaos: optional(chaosRecord),
  chaosOff: optional(bool()),
  /** The instant of a virtual clock, ISO 8601. */
  clock: optional(text(32)),
});
export type StateChange = Infer<typeof stateChange>;

/** The whole state of a sandbox. */
export interface SandboxState {
  readonly seed: string;
  readonly ownSign: Environment;
  readonly templates: readonly TemplateRecord[];
  readonly orders: readonly OrderRecord[];
  readonly activations: readonly ActivationRecord[];
  readonly asks: readonly AskRecord[];
  readonly faults: readonly FaultRecord[];
  readonly chaos?: ChaosRecord;
  readonly clock?: string;
}

/** How the state was kept before it was a journal: one JSON object, version 1. */
export const wholeState = struct({
  ...identity.fields,
  templates: required(list(templateRecord, { max: 1_000_000, tag: 'template' })),
  orders: required(list(orderRecord, { max: 10_000_000, tag: 'order' })),
});

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
