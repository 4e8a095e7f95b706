import type { Environment } from '@cardwright/top';
import type { OrderRecord, SandboxState, TemplateRecord } from './records.ts';
import { StateFileError, type StateStore } from './state-file.ts';

/** What became of a notification of the maker. A repeat with the same content changes nothing and is fine. */
export type FinishOutcome = 'done' | 'repeated' | 'unknown-order';
export type ShipOutcome = FinishOutcome | 'not-finished' | 'other-shipment';

/**
 * Templates and orders of one sandbox. Every change resolves after it is durable in the store; reads see it at
 * once.
 */
export interface Ledger {
  readonly seed: string;
  templates(): readonly TemplateRecord[];
  template(templateNo: string): TemplateRecord | undefined;
  orders(): readonly OrderRecord[];
  order(cardOrderId: bigint): OrderRecord | undefined;
  /** The first free id from the published sample's 16002 on. */
  nextOrderId(): bigint;
  /** Adds a template; false if its number is taken by another one. */
  addTemplate(template: TemplateRecord): Promise<boolean>;
  /** Adds an order; false if its id is taken. */
  addOrder(order: OrderRecord): Promise<boolean>;
  noteMakerAnswer(cardOrderId: bigint, answer: NonNullable<OrderRecord['makerAnswer']>): Promise<void>;
  noteReceipt(cardOrderId: bigint, at: string): Promise<void>;
  finish(cardOrderId: bigint, at: string): Promise<FinishOutcome>;
  /** Records the parcel. Only after finish; another parcel for the same order is refused. */
  ship(cardOrderId: bigint, shipment: NonNullable<OrderRecord['shipment']>): Promise<ShipOutcome>;
  close(): Promise<void>;
}

const sampleOrderId = 16002n;

/** Opens the ledger. `seed` undefined: the file's own, else `defaultSeed`; another seed than the file's is refused. */
export async function openLedger(
  store: StateStore,
  settings: { seed: string | undefined; defaultSeed: string; ownSign: Environment },
): Promise<Ledger> {
  const loaded = await store.load();
  const seed = settings.seed ?? loaded?.seed ?? settings.defaultSeed;
  if (loaded !== undefined && loaded.seed !== seed) {
    throw new StateFileError(
      `the state was made with seed ${loaded.seed}: its cards would change with ${seed}`,
    );
  }
  if (loaded !== undefined && loaded.ownSign !== settings.ownSign) {
    throw new StateFileError(`the state belongs to environment ${loaded.ownSign}, not ${settings.ownSign}`);
  }
  return new StoredLedger(store, { seed, ownSign: settings.ownSign }, loaded);
}

class StoredLedger implements Ledger {
  readonly seed: string;
  readonly #ownSign: Environment;
  readonly #store: StateStore;
  readonly #templates: Map<string, TemplateRecord>;
  readonly #orders: Map<bigint, OrderRecord>;
  #nextId = sampleOrderId;

  constructor(
    store: StateStore,
    identity: { seed: string; ownSign: Environment },
    loaded: SandboxState | undefined,
  ) {
    this.#store = store;
    this.seed = identity.seed;
    this.#ownSign = identity.ownSign;
    this.#templates = new Map((loaded?.templates ?? []).map((template) => [template.templateNo, template]));
    this.#orders = new Map((loaded?.orders ?? []).map((order) => [order.cardOrderId, order]));
  }

  templates(): readonly TemplateRecord[] {
    return [...this.#templates.values()];
  }

  template(templateNo: string): TemplateRecord | undefined {
    return this.#templates.get(templateNo);
  }

  orders(): readonly OrderRecord[] {
    return [...this.#orders.values()];
  }

  order(cardOrderId: bigint): OrderRecord | undefined {
    return this.#orders.get(cardOrderId);
  }

  nextOrderId(): bigint {
    while (this.#orders.has(this.#nextId)) this.#nextId += 1n;
    return this.#nextId;
  }

  async addTemplate(template: TemplateRecord): Promise<boolean> {
    const known = this.#templates.get(template.templateNo);
    if (known !== undefined && !sameTemplate(known, template)) return false;
    this.#templates.set(template.templateNo, template);
    await this.#save();
    return true;
  }

  async addOrder(order: OrderRecord): Promise<boolean> {
    if (this.#orders.has(order.cardOrderId)) return false;
    await this.#put(order);
    return true;
  }

  async noteMakerAnswer(
    cardOrderId: bigint,
    makerAnswer: NonNullable<OrderRecord['makerAnswer']>,
  ): Promise<void> {
    await this.#put({ ...this.#known(cardOrderId), makerAnswer });
  }

  async noteReceipt(cardOrderId: bigint, receiptAt: string): Promise<void> {
    const order = this.#known(cardOrderId);
    if (order.receiptAt === undefined) await this.#put({ ...order, receiptAt });
  }

  async finish(cardOrderId: bigint, finishedAt: string): Promise<FinishOutcome> {
    const order = this.#orders.get(cardOrderId);
    if (order === undefined) return 'unknown-order';
    if (order.finishedAt === undefined) {
      await this.#put({ ...order, finishedAt });
      return 'done';
    }
    // The first call's write may still be under way: its repeat must not be told sooner than it.
    await this.#save();
    return 'repeated';
  }

  async ship(cardOrderId: bigint, shipment: NonNullable<OrderRecord['shipment']>): Promise<ShipOutcome> {
    const order = this.#orders.get(cardOrderId);
    if (order === undefined) return 'unknown-order';
    if (order.finishedAt === undefined) return 'not-finished';
    if (order.shipment === undefined) {
      await this.#put({ ...order, shipment });
      return 'done';
    }
    const same =
      order.shipment.logisticsOrderId === shipment.logisticsOrderId &&
      order.shipment.logisticsCompany === shipment.logisticsCompany;
    if (!same) return 'other-shipment';
    await this.#save();
    return 'repeated';
  }

  close(): Promise<void> {
    return this.#save();
  }

  #known(cardOrderId: bigint): OrderRecord {
    const order = this.#orders.get(cardOrderId);
    if (order === undefined) throw new Error(`order ${cardOrderId} is not in the ledger`);
    return order;
  }

  async #put(order: OrderRecord): Promise<void> {
    this.#orders.set(order.cardOrderId, order);
    await this.#save();
  }

  #save(): Promise<void> {
    return this.#store.save(() => ({
      version: 1n,
      seed: this.seed,
      ownSign: this.#ownSign,
      templates: this.templates(),
      orders: this.orders(),
    }));
  }
}

function sameTemplate(a: TemplateRecord, b: TemplateRecord): boolean {
  return (
    a.cardName === b.cardName &&
    a.parValueFen === b.parValueFen &&
    a.pictureUrl === b.pictureUrl &&
    a.isTest === b.isTest
  );
}
