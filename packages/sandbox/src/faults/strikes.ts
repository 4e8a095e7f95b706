import { type ApiRefusal, cardsByNumber } from '../api-acts.ts';
import type { CardMint } from '../cards.ts';
import type { Ledger } from '../ledger.ts';
import { cardCount, type OrderRecord } from '../records.ts';
import type { ServedMethod, ServedRequestOf } from '../served.ts';
import { createBans, struckRefusal } from './call-faults.ts';
import { lieAboutCards } from './card-lies.ts';
import { faultKinds } from './kinds.ts';
import { type ListingPage, lieAboutPage, type ToldPage, truePage } from './listing-lies.ts';
import type { FaultPlan, Question, Strike } from './plan.ts';

/** What a fault makes of one call to the gateway. */
export interface Struck {
  /** For logs: `slow (rule 3)`. */
  readonly fault: string;
  /** Undefined where only a ban goes on. */
  readonly strike?: Strike;
  /** Whether the platform acts on the call. */
  readonly acts: boolean;
  /** What the call is refused with, whatever came of it. */
  readonly refusal?: ApiRefusal;
  /** The lie to be told instead of the true cards. */
  readonly told?: ToldPage;
}

/** Decides what strikes the calls to one gateway. */
export interface Strikes {
  /** Whether the gateway is down: connections are reset unheard. */
  isOut(): boolean;
  on(method: ServedMethod, request: ServedRequestOf<ServedMethod>): Struck | undefined;
}

const infoQuery = 'alibaba.fundplatform.cardorders.info.query';
const finish = 'alibaba.fundplatform.cardorders.status.make.finish';
const sended = 'alibaba.fundplatform.cardorders.status.sended';
const firstPage = 500;

export function createStrikes(parts: {
  plan: FaultPlan;
  ledger: Ledger;
  mint: CardMint;
  clock: () => Date;
}): Strikes {
  const { plan, ledger, mint } = parts;
  const bans = createBans();
  const nowMs = (): number => parts.clock().getTime();

  /** Whether a strike can do anything to the call; for lies, with what is told. */
  function fitting(
    method: ServedMethod,
    request: ServedRequestOf<ServedMethod>,
    strike: Strike,
  ): { readonly told?: ToldPage } | undefined {
    switch (faultKinds[strike.kind].place) {
      case 'listing':
      case 'cards': {
        const told = lieFor(request, strike);
        return told === undefined ? undefined : { told };
      }
      case 'effect':
        return 'card_order_id' in request && isRepeat(method, ledger.order(request.card_order_id))
          ? {}
          : undefined;
      default:
        return {};
    }
  }

  function lieFor(request: ServedRequestOf<ServedMethod>, strike: Strike): ToldPage | undefined {
    if (!('parameters' in request)) return undefined;
    const { parameters } = request;
    if (parameters.page_size > BigInt(firstPage)) return undefined;
    if ('card_nos' in parameters)
      return asTold(lieAboutCards(cardsByNumber(ledger, mint, parameters), strike, true));
    const order = ledger.order(parameters.card_order_id);
    const page = Number(parameters.current_page);
    if (order === undefined || !Number.isSafeInteger(page * firstPage)) return undefined;
    const listing = listingPage(order, page, Number(parameters.page_size));
    return faultKinds[strike.kind].place === 'listing'
      ? lieAboutPage(listing, strike)
      : asTold(lieAboutCards(truePage(listing), strike, strike.ask > 0));
  }

  function listingPage(order: OrderRecord, page: number, pageSize: number): ListingPage {
    const templateNo = order.lines.at(-1)?.templateNo ?? '';
    const extended = { ...order, lines: [...order.lines, { templateNo, count: BigInt(2 ** 40) }] };
    return {
      order,
      page,
      pageSize,
      total: cardCount(order),
      cards: (from, count) => mint.cardTexts(extended, from, count),
      strangerCard() {
        let cardOrderId = order.cardOrderId ^ 1_000_003n;
        while (ledger.order(cardOrderId) !== undefined) cardOrderId ^= cardOrderId + 1n;
        return mint.cardTexts({ cardOrderId, lines: [{ templateNo, count: 1n }] }, 0, 1)[0] ?? '';
      },
      otherOrderCard(dice) {
        const others = ledger.orders().filter((other) => other !== order && wasListed(other));
        const other = others[dice(others.length)];
        return other && mint.cardTexts(other, dice(Math.min(cardCount(other), firstPage)), 1)[0];
      },
    };
  }

  function wasListed({ cardOrderId, finishedAt }: OrderRecord): boolean {
    return finishedAt !== undefined || plan.asked(infoQuery, cardOrderId, 1) > 0;
  }

  return {
    isOut: () => bans.isOut(nowMs()),

    on(method, request) {
      const ban = bans.refusal(method, nowMs());
      if (ban !== undefined) return { fault: 'the ban goes on', acts: false, refusal: ban };
      const found = plan.strike(questionOf(method, request), (strike) => fitting(method, request, strike));
      if (found === undefined) return undefined;
      const { strike, fit } = found;
      bans.begin(strike, method, nowMs());
      const refusal = struckRefusal(strike.kind) ?? bans.refusal(method, nowMs());
      return {
        ...fit,
        fault: `${strike.kind} (${strike.by})`,
        strike,
        acts: faultKinds[strike.kind].acts ?? true,
        ...(refusal === undefined ? {} : { refusal }),
      };
    },
  };
}

function questionOf(method: ServedMethod, request: ServedRequestOf<ServedMethod>): Question {
  const direction = 'in';
  if ('card_order_id' in request) return { direction, method, about: request.card_order_id, page: 1 };
  if (!('parameters' in request)) return { direction, method, about: undefined, page: 1 };
  const { parameters } = request;
  const about = 'card_order_id' in parameters ? parameters.card_order_id : parameters.card_nos[0];
  return { direction, method, about, page: Number(parameters.current_page) };
}

function isRepeat(method: ServedMethod, order: OrderRecord | undefined): boolean {
  if (method === finish) return order?.finishedAt !== undefined;
  return method === sended && order?.shipment !== undefined;
}

function asTold(texts: readonly string[] | undefined): ToldPage | undefined {
  return texts === undefined ? undefined : { texts, success: true };
}
