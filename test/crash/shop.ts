import { setTimeout as delay } from 'node:timers/promises';
import { advanceTestOrderJob } from '../../packages/server/src/card-order/order-jobs.ts';
import { watchCardsJob } from '../../packages/server/src/personalisation/watch.ts';
import { Operators, type SeenOrder, seeOrders } from '../sim/operators.ts';
import { receiverOf } from '../sim/orders.ts';
import type { Farm } from './farm.ts';
import type { Random } from './random.ts';

const tickMs = 60;
const mostOpen = 14;

/** What the platform orders. */
export interface Wants {
  /** How many orders in all. */
  readonly orders: number;
  readonly cards: () => number;
  /** What is done right before an order is placed. */
  readonly beforeOrder: (cardOrderId: bigint) => Promise<unknown>;
}

/** The world around the product: a platform that orders, people who make and ship, buyers who confirm. */
export class Shop {
  /** Orders that were answered with success, and the number that came with it. */
  readonly acknowledged = new Map<bigint, string>();
  readonly complaints: string[] = [];
  readonly #farm: Farm;
  readonly #wants: Wants;
  readonly #random: Random;
  readonly #operators: Operators;
  readonly #received = new Set<bigint>();
  readonly #announced = new Set<string>();
  #placed = 0;

  constructor(farm: Farm, random: Random, wants: Partial<Wants> = {}) {
    this.#farm = farm;
    this.#wants = {
      orders: Number.POSITIVE_INFINITY,
      cards: () => 1 + Math.floor(random() * (random() < 0.05 ? 1_200 : 20)),
      beforeOrder: async () => undefined,
      ...wants,
    };
    this.#random = random;
    this.#operators = new Operators(
      farm.pool,
      (order) => [order.isTest ? advanceTestOrderJob(order) : watchCardsJob(order, new Date())],
      random,
    );
  }

  /** Runs until the signal; new orders come as others end. */
  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      // While the gateway or the database is down, nothing gets done, and nothing is lost by trying.
      await this.#tick(true).catch(() => undefined);
      await delay(tickMs);
    }
  }

  /** Finishes every order. Answers those that would not end within the limit. */
  async settle(limitMs: number): Promise<readonly SeenOrder[]> {
    const until = performance.now() + limitMs;
    for (;;) {
      const open = await this.#tick(false).catch(() => undefined);
      const unheard = this.#farm.sandbox
        .orders()
        .some(({ cardOrderId }) => !this.acknowledged.has(cardOrderId));
      if (open?.length === 0 && !unheard) return [];
      if (performance.now() > until) return open ?? [];
      await delay(tickMs);
    }
  }

  async #tick(mayOrder: boolean): Promise<readonly SeenOrder[]> {
    const { sandbox } = this.#farm;
    const orders = sandbox.orders();
    for (const { cardOrderId } of orders)
      if (!this.acknowledged.has(cardOrderId)) await this.#make(cardOrderId);
    // An order that a kill held back is shipped long after its neighbours: looked for once no new ones come.
    for (const { cardOrderId, shipment } of mayOrder ? orders.slice(-100) : orders)
      if (shipment !== undefined && !this.#received.has(cardOrderId)) await this.#receive(cardOrderId);
    const open = await seeOrders(this.#farm.pool, 'open');
    if (mayOrder && open.length < mostOpen && this.#placed < this.#wants.orders) await this.#order();
    for (const order of open) {
      if (order.hold_reason?.startsWith('unknown-template:')) await this.#announceAll();
      else await this.#operators.actOn(order);
    }
    return open;
  }

  get hasOrderedAll(): boolean {
    return this.#placed >= this.#wants.orders;
  }

  async #order(): Promise<void> {
    const { sandbox } = this.#farm;
    const n = this.#placed++;
    // Every seventh order is of test templates; every ninth of a template that the maker hears of too late.
    const templateNo = n % 9 === 8 ? `L${n}` : n % 7 === 6 ? 'TEST' : 'REAL';
    const isKnown = sandbox.templates().some((template) => template.templateNo === templateNo);
    if (!isKnown || (!templateNo.startsWith('L') && !this.#announced.has(templateNo))) {
      const isLate = templateNo.startsWith('L');
      const fault = isLate
        ? await sandbox.faults.add({ kind: 'maker-wrong-signature', method: 'card.template.new', times: 1 })
        : undefined;
      await this.#announce(templateNo);
      if (fault?.ok) await sandbox.faults.clear(fault.rule.id);
    }
    const count = BigInt(this.#wants.cards());
    const cardOrderId = 9_007_199_254_740_993n + BigInt(n);
    await this.#wants.beforeOrder(cardOrderId);
    const placed = await sandbox.placeOrder({
      cardOrderId,
      lines: [{ templateNo, count }],
      receiver: receiverOf(this.#random),
    });
    if (placed.ok) this.#hear(cardOrderId, placed.reply);
  }

  async #announce(templateNo: string): Promise<void> {
    const isTest = templateNo === 'TEST';
    const template = { templateNo, cardName: `储值卡 ${templateNo}`, parValueFen: 100n, isTest };
    const done = await this.#farm.sandbox.newTemplate(template);
    if (done.ok && done.reply.outcome === 'answered' && done.reply.answer.success)
      this.#announced.add(templateNo);
  }

  async #announceAll(): Promise<void> {
    for (const { templateNo } of this.#farm.sandbox.templates())
      if (!this.#announced.has(templateNo)) await this.#announce(templateNo);
  }

  async #make(cardOrderId: bigint): Promise<void> {
    const sent = await this.#farm.sandbox.resendOrder(cardOrderId);
    if (sent.ok) this.#hear(cardOrderId, sent.reply);
  }

  #hear(
    cardOrderId: bigint,
    reply: Extract<Awaited<ReturnType<Farm['sandbox']['resendOrder']>>, { ok: true }>['reply'],
  ): void {
    if (reply.outcome !== 'answered') return;
    const { success, making_card_no: number, result_code: code } = reply.answer.response;
    if (code === 'order-conflict')
      this.complaints.push(`order ${cardOrderId}: a repeat was called a conflict`);
    if (!success) return;
    const before = this.acknowledged.get(cardOrderId);
    if (before !== undefined && before !== number) this.complaints.push(`order ${cardOrderId}: two numbers`);
    this.acknowledged.set(cardOrderId, number);
  }

  async #receive(cardOrderId: bigint): Promise<void> {
    const done = await this.#farm.sandbox.confirmReceipt(cardOrderId);
    if (done.ok && done.reply.outcome === 'answered' && done.reply.answer.success)
      this.#received.add(cardOrderId);
  }
}
