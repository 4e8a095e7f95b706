import { type BuyingApiRequestOf, buyingApiFamily, encodeJson } from '@cardwright/top';
import type { Ledger } from '../ledger.ts';
import { type OrderLine, type OrderRecord, orderLimitProblem } from '../records.ts';
import { sampleReceiver } from '../samples.ts';
import { type BuyingOutcome, digestOf, done, refused } from './outcome.ts';

type FetchRequest =
  BuyingApiRequestOf<'alibaba.fundplatform.cardorder.fetch.card.async'>['param_card_fetch_async_request'];

/** Takes orders of the business party (cardorder.fetch.card.async), each `out_biz_id` once. */
export interface Purchases {
  fetch(request: FetchRequest): Promise<BuyingOutcome>;
  /** The order that was bought under an idempotency key. */
  boughtAs(outBizId: string): OrderRecord | undefined;
}

const { param_card_fetch_async_request: requestField } =
  buyingApiFamily['alibaba.fundplatform.cardorder.fetch.card.async'].request.fields;

/** `placed` hears of an order once it is durable, and again with every repeat of its request. */
export function createPurchases(parts: {
  ledger: Ledger;
  clock: () => Date;
  placed: (cardOrderId: bigint) => void;
}): Purchases {
  const { ledger, placed } = parts;
  const orderIds = new Map(
    ledger
      .orders()
      .flatMap(({ cardOrderId, purchase }) =>
        purchase === undefined ? [] : [[purchase.outBizId, cardOrderId]],
      ),
  );
  const boughtAs = (outBizId: string): OrderRecord | undefined => {
    const cardOrderId = orderIds.get(outBizId);
    return cardOrderId === undefined ? undefined : ledger.order(cardOrderId);
  };

  return {
    boughtAs,

    async fetch(asked) {
      const { active = true, ...rest } = asked;
      const request = { ...rest, active };
      const { out_biz_id: outBizId, user_id: userId } = request;
      const digest = digestOf(encodeJson(requestField.schema, request));
      const earlier = boughtAs(outBizId);
      if (earlier !== undefined) {
        if (earlier.purchase?.digest !== digest) return refused('OUT_BIZ_ID_CONFLICT');
        await ledger.settled();
        placed(earlier.cardOrderId);
        return done;
      }
      const planned = linesOf(ledger, request);
      if (!('lines' in planned)) return planned;
      // Nothing is awaited from the look at the key to here: the key is taken once.
      const order: OrderRecord = {
        cardOrderId: ledger.nextOrderId(),
        placedAt: parts.clock().toISOString(),
        lines: planned.lines,
        // The platform knows its buyers' addresses; the request names none.
        receiver: sampleReceiver,
        purchase: { outBizId, digest, userId, active },
      };
      orderIds.set(outBizId, order.cardOrderId);
      await ledger.addOrder(order);
      placed(order.cardOrderId);
      return done;
    },
  };
}

function linesOf(
  ledger: Ledger,
  { card_fetch_details: details }: FetchRequest,
): { readonly lines: readonly OrderLine[] } | BuyingOutcome {
  const problem = orderLimitProblem(details.map(({ num }) => ({ count: num })));
  if (problem !== undefined) return refused('PARAM_ERROR', problem);
  const lines: OrderLine[] = [];
  for (const { template_no: templateNo, num, price } of details) {
    const template = ledger.template(templateNo);
    if (template === undefined) return refused('TEMPLATE_NOT_EXIST', templateNo);
    const { cardName, parValueFen, pictureUrl } = template;
    if (price !== undefined && price !== parValueFen) return refused('PRICE_NOT_MATCH', templateNo);
    const picture = pictureUrl === undefined ? {} : { pictureUrl };
    lines.push({ templateNo, count: num, parValueFen, cardName, ...picture });
  }
  return { lines };
}
