import { sampleOrder } from '../../packages/server/test/gateway/house.ts';

export type Order = ReturnType<typeof sampleOrder>;

/** The template that the load registers first; orders for any other are held. */
export const knownTemplateNo = '3010030E02';

/** What the platform's side knows of one order: kept in this process, which nobody kills. */
export interface Entry {
  readonly id: bigint;
  /** Content 0 is the order; the others are conflicts with it. Whichever is stored first stands. */
  readonly contents: readonly Order[];
  /** The content that was answered with success, and the number that came with it. */
  acknowledged: { readonly content: number; readonly makingCardNo: string } | undefined;
  /** Contents that were answered with `order-conflict`. */
  readonly refused: Set<number>;
}

/** Every order that was ever sent, and every broken promise that was noticed at once. */
export class Ledger {
  readonly entries: Entry[] = [];
  readonly violations: string[] = [];
  /** Ids of the orders that were not planned in time; complained of once, however long they stay so. */
  readonly lying = new Set<string>();
  #nextId: bigint;

  constructor(firstId = 9_007_199_254_740_992n) {
    this.#nextId = firstId;
  }

  /** A new order whose content follows from its id: one to three lines, some held for their template or address. */
  open(): Entry {
    const id = this.#nextId++;
    const entry: Entry = {
      id,
      contents: [0, 1, 2].map((content) => orderFor(id, content)),
      acknowledged: undefined,
      refused: new Set(),
    };
    this.entries.push(entry);
    return entry;
  }

  get acknowledged(): readonly Entry[] {
    return this.entries.filter((entry) => entry.acknowledged !== undefined);
  }

  noteSuccess(entry: Entry, content: number, makingCardNo: string): void {
    const known = entry.acknowledged;
    if (entry.refused.has(content)) this.complain(entry, `content ${content} had success after a conflict`);
    if (known === undefined) {
      entry.acknowledged = { content, makingCardNo };
      return;
    }
    if (known.content !== content) {
      this.complain(entry, `contents ${known.content} and ${content} both had success`);
    }
    if (known.makingCardNo !== makingCardNo) {
      this.complain(entry, `two answers: ${known.makingCardNo} and ${makingCardNo}`);
    }
  }

  noteConflict(entry: Entry, content: number): void {
    entry.refused.add(content);
    if (entry.acknowledged?.content === content) this.complain(entry, 'a repeat was called a conflict');
  }

  complain(entry: Entry, what: string): void {
    this.violations.push(`order ${entry.id}: ${what}`);
  }
}

function orderFor(id: bigint, content: number): Order {
  const lineCount = Number(id % 3n) + 1;
  const order = sampleOrder({
    card_order_id: id,
    card_product_infos: Array.from({ length: lineCount }, (_, line) => ({
      template_no: id % 11n === 0n && line === 0 ? `unknown-${id}` : knownTemplateNo,
      count: (id % 1_000n) + BigInt(line) + 1n,
      par_value: 100n + BigInt(line),
      card_name: `猫超储值卡𠮷 ${id}/${line}`,
    })),
  });
  if (content === 1) {
    const [first, ...others] = order.card_product_infos;
    return first === undefined
      ? order
      : { ...order, card_product_infos: [{ ...first, count: first.count + 1n }, ...others] };
  }
  if (content === 2 && order.logistics_info !== undefined) {
    return { ...order, logistics_info: { ...order.logistics_info, receiver_name: '李四' } };
  }
  return order;
}
