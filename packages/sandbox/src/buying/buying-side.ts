import type { BuyingApiMethod, BuyingApiRequestOf, Environment } from '@cardwright/top';
import type { ApiActs } from '../api-acts.ts';
import { type CallLog, describeApiCall } from '../call-log.ts';
import type { CardMint } from '../cards.ts';
import type { Ledger } from '../ledger.ts';
import type { Done, Platform } from '../platform.ts';
import { type OrderRecord, orderLimitProblem } from '../records.ts';
import { createActivation } from './activation.ts';
import { createActiveCards } from './active-cards.ts';
import type { BuyerLink } from './buyer-link.ts';
import { type CardView, cardsOf } from './card-view.ts';
import { createDeliveries } from './deliveries.ts';
import { answerOf, type BuyingOutcome, refusalText } from './outcome.ts';
import { createPurchases } from './purchase.ts';
import type { Repeater } from './repeater.ts';

export interface PurchaseInput {
  /** The idempotency key, at most 32 characters. Undefined: one that was never used. */
  readonly outBizId?: string;
  /** Which cards: of known templates, or so many of each of so many templates, made as needed. */
  readonly lines:
    | readonly { readonly templateNo: string; readonly count: bigint; readonly priceFen?: bigint }[]
    | { readonly templates: number; readonly cards: bigint };
  /** Whether the cards are active from the beginning. Default false, so that they can be activated. */
  readonly active?: boolean;
}

export interface ActivationInput {
  /** The idempotency key. Undefined: one that was never used. */
  readonly outBizId?: string;
  /** An order of any kind, or cards of it by position, counted over all lines from 0; … */
  readonly cardOrderId?: bigint;
  readonly positions?: readonly number[];
  /** … or what was bought under this key; … */
  readonly fetchOutBizId?: string;
  /** … or cards by their numbers. */
  readonly cardNos?: readonly string[];
}

/** The business party (业务方), as the sandbox plays it, and what it can see. */
export interface BuyingActs {
  /** Buys cards (cardorder.fetch.card.async). The order is sent to the maker until it answers; this waits for the first try. */
  buy(input: PurchaseInput): Promise<Done<{ readonly order: OrderRecord }>>;
  /** Activates cards (cardorder.card.active), all of them or none. */
  activate(input: ActivationInput): Promise<Done<{ readonly order?: OrderRecord }>>;
  /** Sends cardorder.make.success once more, as the platform may. */
  announceMade(cardOrderId: bigint): Promise<Done<{ readonly order: OrderRecord }>>;
  /** Cards of an order with all their secrets; undefined if there is no such order. */
  cards(cardOrderId: bigint, from: number, count: number): readonly CardView[] | undefined;
  /** How many cards of an order are active, and since when the last of them is (ISO 8601). */
  activeCards(order: OrderRecord): { readonly count: number; readonly lastAt?: string };
}

export interface BuyingSide {
  readonly acts: BuyingActs;
  readonly apiActs: Pick<ApiActs, BuyingApiMethod>;
  /** To be told of every make.finish that is on record. */
  finished(cardOrderId: bigint): void;
  /** Takes up what an earlier run of the sandbox left undone. */
  resume(): void;
}

// The sandbox's one buyer and its clerk; the platform gives such numbers out.
const buyer = { user_id: 10_001n, subiz_type: 1n, buy_entity_type: 'company', sale_mode: 'offline' } as const;
const clerk = 10_001n;

export function createBuyingSide(parts: {
  ledger: Ledger;
  mint: CardMint;
  platform: Platform;
  buyerLink: BuyerLink;
  repeater: Repeater;
  calls: CallLog;
  ownSign: Environment;
  clock: () => Date;
}): BuyingSide {
  const { ledger, mint, platform, clock } = parts;
  const active = createActiveCards(ledger.activations());
  const deliveries = createDeliveries(parts);
  const purchases = createPurchases({ ledger, clock, placed: (id) => void deliveries.sendOrder(id) });
  const activation = createActivation({ ledger, mint, active, boughtAs: purchases.boughtAs, clock });
  const nextBuyKey = keysFrom('BUY', (key) => purchases.boughtAs(key) !== undefined);
  const nextActivationKey = keysFrom('ACTIVE', activation.isUsed);

  const handlers: {
    readonly [M in BuyingApiMethod]: (request: BuyingApiRequestOf<M>) => Promise<BuyingOutcome>;
  } = {
    'alibaba.fundplatform.cardorder.fetch.card.async': ({ param_card_fetch_async_request: request }) =>
      purchases.fetch(request),
    'alibaba.fundplatform.cardorder.card.active': ({ param_card_active_request: request }) =>
      activation.byRequest(request),
  };

  /** A request of the sandbox's own business party: logged like one that came through the gateway. */
  async function ask<M extends BuyingApiMethod>(
    method: M,
    request: BuyingApiRequestOf<M>,
  ): Promise<BuyingOutcome> {
    const startedMs = performance.now();
    const outcome = await handlers[method](request);
    note(method, startedMs, outcome, describeApiCall(request, answerOf(outcome).answer));
    return outcome;
  }

  function note(method: BuyingApiMethod, startedMs: number, outcome: BuyingOutcome, what: string): void {
    const elapsedMs = Math.round(performance.now() - startedMs);
    parts.calls.note({ direction: 'in', method, ok: outcome.ok, outcome: what, elapsedMs });
  }

  async function detailsOf({ lines }: PurchaseInput) {
    if (!('templates' in lines))
      return lines.map(({ templateNo, count, priceFen }) => ({
        template_no: templateNo,
        num: count,
        ...(priceFen === undefined ? {} : { price: priceFen }),
      }));
    const templates = await platform.templatesUpTo(lines.templates);
    return templates.map(({ templateNo }) => ({ template_no: templateNo, num: lines.cards }));
  }

  async function buy(input: PurchaseInput): ReturnType<BuyingActs['buy']> {
    const { lines } = input;
    const counts =
      'templates' in lines
        ? Array.from({ length: Math.min(lines.templates, 1000) }, () => ({ count: lines.cards }))
        : lines;
    const problem = orderLimitProblem(counts);
    if (problem !== undefined) return { ok: false, problem };
    const outBizId = input.outBizId ?? nextBuyKey();
    const outcome = await ask('alibaba.fundplatform.cardorder.fetch.card.async', {
      param_card_fetch_async_request: {
        ...buyer,
        out_biz_id: outBizId,
        active: input.active ?? false,
        card_fetch_details: await detailsOf(input),
      },
    });
    if (!outcome.ok) return { ok: false, problem: refusalText(outcome) };
    const bought = purchases.boughtAs(outBizId);
    if (bought === undefined) throw new Error(`what was bought as ${outBizId} is not in the ledger`);
    await deliveries.sendOrder(bought.cardOrderId);
    return { ok: true, order: purchases.boughtAs(outBizId) ?? bought };
  }

  async function activate(input: ActivationInput): ReturnType<BuyingActs['activate']> {
    const { cardOrderId, cardNos, fetchOutBizId, outBizId = nextActivationKey() } = input;
    if (cardOrderId !== undefined) return activateOrder(cardOrderId, outBizId, input.positions);
    const outcome = await ask('alibaba.fundplatform.cardorder.card.active', {
      param_card_active_request: {
        out_biz_id: outBizId,
        opt_user_id: clerk,
        ...(cardNos === undefined ? {} : { card_nos: cardNos }),
        ...(fetchOutBizId === undefined ? {} : { fetch_out_biz_id: fetchOutBizId }),
      },
    });
    if (!outcome.ok) return { ok: false, problem: refusalText(outcome) };
    const order = purchases.boughtAs(fetchOutBizId ?? '');
    return { ok: true, ...(order === undefined ? {} : { order }) };
  }

  async function activateOrder(
    cardOrderId: bigint,
    outBizId: string,
    positions: readonly number[] | undefined,
  ): ReturnType<BuyingActs['activate']> {
    const order = ledger.order(cardOrderId);
    if (order === undefined) return { ok: false, problem: `order ${cardOrderId} is not known` };
    const startedMs = performance.now();
    const which = positions === undefined ? {} : { positions };
    const outcome = await activation.byOrder({ outBizId, optUserId: clerk, order, ...which });
    const what = `order=${cardOrderId} cards=${positions?.length ?? 'all'}`;
    const end = outcome.ok ? 'done' : `refused with ${outcome.refusal}`;
    note('alibaba.fundplatform.cardorder.card.active', startedMs, outcome, `${what}: ${end}`);
    return outcome.ok ? { ok: true, order } : { ok: false, problem: refusalText(outcome) };
  }

  return {
    acts: {
      buy,
      activate,
      async announceMade(cardOrderId) {
        const order = ledger.order(cardOrderId);
        if (order?.purchase === undefined)
          return { ok: false, problem: `order ${cardOrderId} was not bought: nobody waits for it` };
        if (order.finishedAt === undefined)
          return { ok: false, problem: `order ${cardOrderId} has not been finished by the maker` };
        await deliveries.announceOnce(order);
        return { ok: true, order: ledger.order(cardOrderId) ?? order };
      },
      cards(cardOrderId, from, count) {
        const order = ledger.order(cardOrderId);
        return order && cardsOf({ mint, active }, order, from, count);
      },
      activeCards: (order) => active.of(order),
    },
    apiActs: {
      'alibaba.fundplatform.cardorder.fetch.card.async': async (request) =>
        answerOf(await handlers['alibaba.fundplatform.cardorder.fetch.card.async'](request)),
      'alibaba.fundplatform.cardorder.card.active': async (request) =>
        answerOf(await handlers['alibaba.fundplatform.cardorder.card.active'](request)),
    },
    finished: (cardOrderId) => void deliveries.announce(cardOrderId),
    resume: deliveries.resume,
  };
}

/** BUY-1, BUY-2, …, without those that are used. */
function keysFrom(prefix: string, isUsed: (key: string) => boolean): () => string {
  let n = 0;
  return () => {
    do n++;
    while (isUsed(`${prefix}-${n}`));
    return `${prefix}-${n}`;
  };
}
