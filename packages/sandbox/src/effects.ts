import type { CardMint } from './cards.ts';
import type { Ledger } from './ledger.ts';
import { type AskRecord, cardCount, type OrderRecord } from './records.ts';
import type { ServedMethod } from './served.ts';

/** A card as the platform truly means it, whatever a fault told about it. */
export interface TrueCard {
  readonly cardNo: string;
  readonly cardPassword: string;
  readonly qrCode: string;
  readonly shortQrCode: string;
  readonly templateNo: string;
}

const chunk = 500;

/** The cards of an order in the order of an honest listing, made as they are asked for. */
export function* truthOf(mint: CardMint, order: OrderRecord | undefined): Generator<TrueCard, void, void> {
  if (order === undefined) return;
  const total = cardCount(order);
  for (let from = 0; from < total; from += chunk) {
    for (const text of mint.cardTexts(order, from, chunk)) {
      const { cardNo, cardPassword, qrCode, shortQrCode, templateNo } = JSON.parse(text) as TrueCard;
      yield { cardNo, cardPassword, qrCode, shortQrCode, templateNo };
    }
  }
}

/** What the maker's notifications did to an order, for those who check that each took effect once and in order. */
export interface OrderEffects {
  /** How often make.finish and sended took effect. */
  readonly finish: number;
  readonly sended: number;
  /** The effects in the order in which they took place. */
  readonly order: readonly AskRecord['asked'][];
  /** Every call that asked for one, in the order in which they were decided; instants are ISO 8601. */
  readonly calls: readonly Omit<AskRecord, 'cardOrderId'>[];
}

export function effectsOf(asks: readonly AskRecord[]): OrderEffects {
  const order = asks.filter(({ outcome }) => outcome === 'done').map(({ asked }) => asked);
  const count = (asked: AskRecord['asked']): number => order.filter((each) => each === asked).length;
  const calls = asks.map(({ cardOrderId: _, ...call }) => call);
  return { finish: count('finish'), sended: count('sended'), order, calls };
}

const askedBy: Partial<Record<ServedMethod, AskRecord['asked']>> = {
  'alibaba.fundplatform.cardorders.status.make.finish': 'finish',
  'alibaba.fundplatform.cardorders.status.sended': 'sended',
};

/** Records that a fault kept a notification from acting; other calls leave no trace. */
export async function noteLost(
  ledger: Ledger,
  clock: () => Date,
  method: ServedMethod,
  cardOrderId: bigint | undefined,
  fault: string,
): Promise<void> {
  const asked = askedBy[method];
  if (asked === undefined || cardOrderId === undefined) return;
  await ledger.noteAsk({ cardOrderId, asked, at: clock().toISOString(), outcome: 'not-reached', fault });
}
