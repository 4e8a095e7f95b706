import type { Sandbox } from '@cardwright/sandbox';
import type { GatewayServices } from '../../packages/server/src/gateway/handlers.ts';
import { pick, type Random } from '../crash/random.ts';
import type { Script } from './orders.ts';

/** What the platform does of its own accord, and what it was answered. */
export class PlatformActs {
  /** Orders that were answered with success, and the number that came with it. */
  readonly acknowledged = new Map<bigint, string>();
  readonly #sandbox: Sandbox;
  readonly #script: Script;
  readonly #services: GatewayServices;
  readonly #random: Random;
  readonly #announced = new Set<string>();
  readonly #received = new Set<bigint>();
  #tries = 0;

  constructor(sandbox: Sandbox, script: Script, services: GatewayServices, random: Random) {
    this.#sandbox = sandbox;
    this.#script = script;
    this.#services = services;
    this.#random = random;
  }

  /** The next thing that it has to do; undefined where it waits. */
  async next(isStorm: boolean): Promise<string | undefined> {
    const mayGiveUp = isStorm && this.#tries > 40;
    const template = this.#script.templates.find(
      ({ templateNo, late }) => !this.#announced.has(templateNo) && !(late && isStorm),
    );
    if (template !== undefined && !mayGiveUp) return this.#announce(template.templateNo);
    const order = this.#script.orders.find(({ cardOrderId }) => !this.acknowledged.has(cardOrderId));
    if (order !== undefined && !mayGiveUp) return this.#make(order.cardOrderId, () => undefined);
    const arrived = this.#sandbox
      .orders()
      .find(({ cardOrderId, shipment }) => shipment !== undefined && !this.#received.has(cardOrderId));
    return arrived === undefined || mayGiveUp ? undefined : this.#receipt(arrived.cardOrderId);
  }

  /** Repeats and contradictions; `complain` hears of a wrong answer. */
  async atRandom(complain: (wrong: string) => void): Promise<string> {
    const known = [...this.acknowledged.keys()];
    if (known.length === 0) return 'waits';
    const id = pick(this.#random, known);
    switch (Math.floor(this.#random() * 4)) {
      case 0:
        return this.#make(id, complain);
      case 1:
        return this.#contradict(id, complain);
      case 2: {
        const reply = await this.#sandbox.queryStatus(id);
        if (reply.outcome !== 'answered' || !reply.answer.response.success) return 'status, no answer';
        const { status } = reply.answer.response;
        if (status === 'REQUEST_NOT_EXIST')
          complain(`order ${id}: acknowledged, and its status is ${status}`);
        return `status ${status}`;
      }
      default: {
        const outcome = await this.#services.storeReceipt('daily', id);
        return `early receipt, ${outcome}`;
      }
    }
  }

  /** What it was never answered, although nothing is in the way any more. */
  unheard(): readonly string[] {
    return [
      ...this.#script.templates
        .filter(({ templateNo }) => !this.#announced.has(templateNo))
        .map(({ templateNo }) => `template ${templateNo} was never taken in`),
      ...this.#script.orders
        .filter(({ cardOrderId }) => !this.acknowledged.has(cardOrderId))
        .map(({ cardOrderId }) => `order ${cardOrderId} was never taken in`),
    ];
  }

  async #announce(templateNo: string): Promise<string> {
    this.#tries++;
    const found = this.#script.templates.find((template) => template.templateNo === templateNo);
    if (found === undefined) throw new Error(`no template ${templateNo}`);
    const { late: _, ...template } = found;
    const done = await this.#sandbox.newTemplate(template);
    const isTaken = done.ok && done.reply.outcome === 'answered' && done.reply.answer.success;
    if (isTaken) this.#announced.add(templateNo);
    return `template ${templateNo}, ${isTaken ? 'taken' : 'no answer'}`;
  }

  async #make(cardOrderId: bigint, complain: (wrong: string) => void): Promise<string> {
    this.#tries++;
    const order = this.#script.orders.find((each) => each.cardOrderId === cardOrderId);
    if (order === undefined) throw new Error(`no order ${cardOrderId}`);
    await this.#sketchTemplates(order.lines.map(({ templateNo }) => templateNo));
    const done =
      this.#sandbox.order(cardOrderId) === undefined
        ? await this.#sandbox.placeOrder(order)
        : await this.#sandbox.resendOrder(cardOrderId);
    if (!done.ok) throw new Error(done.problem);
    if (done.reply.outcome !== 'answered') return `make, ${done.reply.outcome}`;
    const { success, making_card_no: number, result_code: code } = done.reply.answer.response;
    if (!success) {
      if (code === 'order-conflict') complain(`order ${cardOrderId}: a repeat was called a conflict`);
      return `make, ${code}`;
    }
    const before = this.acknowledged.get(cardOrderId);
    if (before !== undefined && before !== number) complain(`order ${cardOrderId}: two numbers`);
    this.acknowledged.set(cardOrderId, number);
    return 'make, success';
  }

  /** The sandbox sells only what it knows; the maker need not have heard of it. */
  async #sketchTemplates(templateNos: readonly string[]): Promise<void> {
    for (const template of this.#script.templates) {
      const { late: _, ...record } = template;
      const isKnown = this.#sandbox.templates().some(({ templateNo }) => templateNo === template.templateNo);
      if (isKnown || !templateNos.includes(template.templateNo)) continue;
      const fault = await this.#sandbox.faults.add({
        kind: 'maker-wrong-signature',
        method: 'card.template.new',
        times: 1,
      });
      await this.#sandbox.newTemplate(record);
      if (fault.ok) await this.#sandbox.faults.clear(fault.rule.id);
    }
  }

  async #contradict(cardOrderId: bigint, complain: (wrong: string) => void): Promise<string> {
    const order = this.#sandbox.order(cardOrderId);
    if (order === undefined) return 'waits';
    const [line] = order.lines;
    if (line === undefined) return 'waits';
    const acceptance = await this.#services.acceptCardOrder('daily', {
      card_order_id: cardOrderId,
      own_sign: 'daily',
      card_product_infos: [
        {
          template_no: line.templateNo,
          count: line.count + 1n,
          par_value: line.parValueFen,
          card_name: line.cardName,
        },
      ],
    });
    if (acceptance.kind !== 'conflict')
      complain(`order ${cardOrderId}: other content was ${acceptance.kind}`);
    return `contradiction, ${acceptance.kind}`;
  }

  async #receipt(cardOrderId: bigint): Promise<string> {
    this.#tries++;
    const done = await this.#sandbox.confirmReceipt(cardOrderId);
    const isTaken = done.ok && done.reply.outcome === 'answered' && done.reply.answer.success;
    if (isTaken) this.#received.add(cardOrderId);
    return `receipt, ${isTaken ? 'taken' : 'no answer'}`;
  }
}
