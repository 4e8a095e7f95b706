import { bool, digits, int64, list, optional, required, struct, text } from '@cardwright/top';
import { type ControlAnswer, declined, idOf, notFound, ok, withBody } from '../control-answer.ts';
import { orderView } from '../order-view.ts';
import type { SandboxActs } from '../sandbox.ts';
import type { BuyingActs, PurchaseInput } from './buying-side.ts';
import { maskedCard } from './card-view.ts';

const newPurchase = struct({
  outBizId: optional(text(32)),
  lines: optional(
    list(
      struct({ templateNo: required(text(64)), count: required(digits()), priceFen: optional(digits()) }),
      { max: 1000, tag: 'line' },
    ),
  ),
  /** Instead of `lines`: `cards` of each of so many `templates`. */
  templates: optional(digits()),
  cards: optional(digits()),
  active: optional(bool()),
});
const newActivation = struct({
  outBizId: optional(text(64)),
  cardOrderId: optional(digits()),
  positions: optional(list(int64(), { min: 1, max: 10_000, tag: 'position' })),
  fetchOutBizId: optional(text(32)),
  cardNos: optional(list(text(256), { max: 10_000, tag: 'cardNo' })),
});
const cardRange = struct({ from: optional(digits()), count: optional(digits()) });

const maxCardsShown = 500;

/** Answers the buying side's routes of the control interface; undefined for any other. */
export function answerBuyingRoute(
  sandbox: SandboxActs,
  route: string,
  idText: string | undefined,
  request: { readonly body: string; readonly query: URLSearchParams },
): Promise<ControlAnswer> | ControlAnswer | undefined {
  const { body, query } = request;
  const id = idOf(idText);
  switch (route) {
    case 'POST /purchases':
      return withBody(newPurchase, body, (input) => buy(sandbox, input));
    case 'POST /activations':
      return withBody(newActivation, body, async ({ positions, ...input }) => {
        const which = positions === undefined ? {} : { positions: positions.map(Number) };
        return orderAnswer(sandbox, await sandbox.activate({ ...input, ...which }));
      });
    case 'POST /orders/ID/make-success':
      return id === undefined
        ? notFound
        : sandbox.announceMade(id).then((done) => orderAnswer(sandbox, done));
    case 'GET /orders/ID/cards':
      return showCards(
        sandbox,
        id,
        numberOf(query.get('from') ?? '0'),
        numberOf(query.get('count') ?? '20'),
        true,
      );
    case 'POST /orders/ID/reveal':
      return withBody(cardRange, body, async ({ from, count }) =>
        showCards(sandbox, id, Number(from ?? 0n), Number(count ?? 1n), false),
      );
    default:
      return undefined;
  }
}

async function buy(
  sandbox: SandboxActs,
  {
    lines,
    templates,
    cards,
    ...input
  }: Partial<Omit<PurchaseInput, 'lines'>> & {
    readonly lines?: readonly { readonly templateNo: string; readonly count: bigint }[];
    readonly templates?: bigint;
    readonly cards?: bigint;
  },
): Promise<ControlAnswer> {
  if (lines !== undefined && (templates !== undefined || cards !== undefined))
    return declined({ ok: false, problem: 'give either lines or templates and cards, not both' });
  const few = { templates: Number(templates ?? 1n), cards: cards ?? 500n };
  return orderAnswer(sandbox, await sandbox.buy({ ...input, lines: lines ?? few }));
}

function orderAnswer(sandbox: SandboxActs, done: Awaited<ReturnType<BuyingActs['activate']>>): ControlAnswer {
  if (!done.ok) return declined(done);
  return ok(done.order === undefined ? {} : { order: orderView(done.order, sandbox) });
}

function showCards(
  sandbox: SandboxActs,
  id: bigint | undefined,
  from: number | undefined,
  count: number | undefined,
  isMasked: boolean,
): ControlAnswer {
  if (from === undefined || count === undefined)
    return declined({ ok: false, problem: 'from and count are whole numbers' });
  const cards = id === undefined ? undefined : sandbox.cards(id, from, Math.min(count, maxCardsShown));
  if (cards === undefined) return notFound;
  return ok({ cards: isMasked ? cards.map(maskedCard) : cards });
}

function numberOf(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
