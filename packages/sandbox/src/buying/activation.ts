import { type BuyingApiRequestOf, buyingApiFamily, encodeJson } from '@cardwright/top';
import type { CardMint } from '../cards.ts';
import type { Ledger } from '../ledger.ts';
import { type ActivationRecord, cardCount, type OrderRecord } from '../records.ts';
import type { ActiveCards, CardSelection } from './active-cards.ts';
import { readCard } from './card-view.ts';
import { type BuyingOutcome, digestOf, done, refused } from './outcome.ts';

type ActiveRequest =
  BuyingApiRequestOf<'alibaba.fundplatform.cardorder.card.active'>['param_card_active_request'];

/** Activates cards (储值卡激活): all that are asked for or none, once for each `out_biz_id`. */
export interface Activation {
  /** As the business party asks for it (cardorder.card.active). */
  byRequest(request: ActiveRequest): Promise<BuyingOutcome>;
  /** Cards of one order by their positions, or the whole order, whoever bought it. */
  byOrder(request: OrderActivation): Promise<BuyingOutcome>;
  isUsed(outBizId: string): boolean;
}
export interface OrderActivation {
  readonly outBizId: string;
  readonly optUserId: bigint;
  readonly order: OrderRecord;
  readonly positions?: readonly number[];
}

type Selected = { readonly ok: true; readonly selections: readonly CardSelection[] } | BuyingOutcome;

const { param_card_active_request: requestField } =
  buyingApiFamily['alibaba.fundplatform.cardorder.card.active'].request.fields;

export function createActivation(parts: {
  ledger: Ledger;
  mint: CardMint;
  active: ActiveCards;
  boughtAs: (outBizId: string) => OrderRecord | undefined;
  clock: () => Date;
}): Activation {
  const { ledger, mint, active } = parts;
  const byKey = new Map(ledger.activations().map((activation) => [activation.outBizId, activation]));

  /** From the look at the cards to their being active nothing is awaited: two requests can't both find them idle. */
  async function activate(
    key: { outBizId: string; digest: string; optUserId: bigint },
    select: () => Selected,
  ): Promise<BuyingOutcome> {
    const earlier = byKey.get(key.outBizId);
    if (earlier !== undefined) {
      if (earlier.digest !== key.digest) return refused('OUT_BIZ_ID_CONFLICT');
      await ledger.settled();
      return done;
    }
    const selected = select();
    if (!('selections' in selected)) return selected;
    const problem = problemOf(selected.selections, active);
    if (problem !== undefined) return problem;
    const activation: ActivationRecord = {
      ...key,
      at: parts.clock().toISOString(),
      orders: selected.selections.map(({ order: { cardOrderId }, positions }) =>
        positions === undefined ? { cardOrderId } : { cardOrderId, positions: positions.map(BigInt) },
      ),
    };
    byKey.set(key.outBizId, activation);
    active.add(activation);
    await ledger.addActivation(activation);
    return done;
  }

  function selectRequested(request: ActiveRequest): Selected {
    const { card_nos: cardNos = [], fetch_out_biz_id: fetchOutBizId = '' } = request;
    const bought = parts.boughtAs(fetchOutBizId);
    if (fetchOutBizId !== '' && bought === undefined) return refused('FETCH_ORDER_NOT_EXIST');
    if (cardNos.length === 0)
      return bought === undefined
        ? refused('PARAM_ERROR', 'card_nos and fetch_out_biz_id are both empty')
        : { ok: true, selections: [{ order: bought }] };
    const byOrder = new Map<OrderRecord, Set<number>>();
    for (const [at, cardNo] of cardNos.entries()) {
      const found = cardByNumber(ledger, mint, cardNo);
      // The number itself is money and is not repeated.
      if (found === undefined) return refused('CARD_NOT_EXIST', `card_nos[${at}]`);
      if (bought !== undefined && found.order !== bought)
        return refused('CARD_NOT_EXIST', `card_nos[${at}] was not bought with fetch_out_biz_id`);
      byOrder.set(found.order, (byOrder.get(found.order) ?? new Set()).add(found.position));
    }
    return {
      ok: true,
      selections: [...byOrder].map(([order, positions]) => ({ order, positions: [...positions] })),
    };
  }

  return {
    isUsed: (outBizId) => byKey.has(outBizId),

    byRequest: (request) =>
      activate(
        {
          outBizId: request.out_biz_id,
          optUserId: request.opt_user_id,
          digest: digestOf(encodeJson(requestField.schema, request)),
        },
        () => selectRequested(request),
      ),

    byOrder: ({ outBizId, optUserId, order, positions }) =>
      activate(
        { outBizId, optUserId, digest: digestOf(`${optUserId} ${order.cardOrderId} ${positions ?? 'all'}`) },
        () => {
          const cards = cardCount(order);
          const outside = positions?.some(
            (position) => !Number.isInteger(position) || position < 0 || position >= cards,
          );
          if (outside === true) return refused('CARD_NOT_EXIST', `the order has ${cards} cards`);
          const selection =
            positions === undefined ? { order } : { order, positions: [...new Set(positions)] };
          return { ok: true, selections: [selection] };
        },
      ),
  };
}

function problemOf(selections: readonly CardSelection[], active: ActiveCards): BuyingOutcome | undefined {
  let cards = 0;
  let activeCards = 0;
  for (const selection of selections) {
    cards += selection.positions?.length ?? cardCount(selection.order);
    activeCards += active.countIn(selection);
  }
  if (activeCards === cards) return undefined;
  if (activeCards > 0) return refused('CARD_STATUS_MIXED', `${activeCards} of ${cards} are active`);
  const early = selections.find(({ order }) => order.shipment === undefined);
  return early && refused('CARD_NOT_DELIVERED', `order ${early.order.cardOrderId}`);
}

/** A card's order and its position over all lines. */
function cardByNumber(
  ledger: Ledger,
  mint: CardMint,
  cardNo: string,
): { order: OrderRecord; position: number } | undefined {
  const place = mint.placeOf(cardNo);
  const order = place && ledger.order(place.cardOrderId);
  if (place === undefined || order === undefined) return undefined;
  const text = mint.cardText(order, place);
  // A number can be read back to a place without being the one that stands there.
  if (text === undefined || readCard(text).cardNo !== cardNo) return undefined;
  const before = cardCount({ lines: order.lines.slice(0, place.line) });
  return { order, position: before + place.index };
}
