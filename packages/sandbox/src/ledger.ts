import type { Environment } from '@cardwright/top';
import type {
  ActivationRecord,
  AskRecord,
  OrderRecord,
  SandboxState,
  StateChange,
  TemplateRecord,
} from './records.ts';
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
  /** The state as it was found; undefined on a first start. */
  readonly found: SandboxState | undefined;
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
  /** `fault` names the fault that strikes the call without keeping it from acting. */
  finish(cardOrderId: bigint, at: string, fault?: string): Promise<FinishOutcome>;
  /** Records the parcel. Only after finish; another parcel for the same order is refused. */
  ship(
    cardOrderId: bigint,
    shipment: NonNullable<OrderRecord['shipment']>,
    fault?: string,
  ): Promise<ShipOutcome>;
  /** Every call that asked for make.finish or sended of an order, in the order in which they were decided. */
  asks(cardOrderId: bigint): readonly AskRecord[];
  /** Records a call that a fault kept from acting. */
  noteAsk(ask: AskRecord): Promise<void>;
  /** Keeps a part of the state that the ledger itself has no use for. */
  keep(change: StateChange): Promise<void>;
  noteMakeSuccess(cardOrderId: bigint, notice: NonNullable<OrderRecord['makeSuccess']>): Promise<void>;
  activations(): readonly ActivationRecord[];
  /** Adds an activation that was found in order. */
  addActivation(activation: ActivationRecord): Promise<void>;
  /** Resolves once all that reads show is durable: what a repeat of a request has to wait for. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

const sampleOrderId = 16002n;

/** Opens the ledger. `seed` undefined: the file's own, else `defaultSeed`; another seed than the file's is refused. */
export async function openLedger(
  store: StateStore,
  settings: { seed: string | undefined; defaultSeed: string; ownSign: Environment },
): Promise<Ledger> {
  try {
    const ledger = foundLedger(store, settings, await store.load());
    await store.begin(ledger.state());
    return ledger;
  } catch (error) {
    await store.close();
    throw error;
  }
}

function foundLedger(
  store: StateStore,
  settings: { seed: string | undefined; defaultSeed: string; ownSign: Environment },
  loaded: SandboxState | undefined,
): StoredLedger {
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
  readonly found: SandboxState | undefined;
  readonly #ownSign: Environment;
  readonly #store: StateStore;
  readonly #templates: Map<string, TemplateRecord>;
  readonly #orders: Map<bigint, OrderRecord>;
  readonly #activations: ActivationRecord[];
  readonly #asks = new Map<bigint, AskRecord[]>();
  #nextId = sampleOrderId;

  constructor(
    store: StateStore,
    identity: { seed: string; ownSign: Environment },
    loaded: SandboxState | undefined,
  ) {
    this.#store = store;
    this.seed = identity.seed;
    this.found = loaded;
    this.#ownSign = identity.ownSign;
    this.#templates = new Map((loaded?.templates ?? []).map((template) => [template.templateNo, template]));
    this.#orders = new Map((loaded?.orders ?? []).map((order) => [order.cardOrderId, order]));
    this.#activations = [...(loaded?.activations ?? [])];
    for (const ask of loaded?.asks ?? []) this.#remember(ask);
  }

  /** Everything, as it is to be kept from the start. */
  state(): SandboxState {
    return {
      asks: [],
      faults: [],
      ...this.found,
      seed: this.seed,
      ownSign: this.#ownSign,
      templates: this.templates(),
      orders: this.orders(),
      activations: this.activations(),
    };
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
    await this.#store.append({ template });
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

  async finish(cardOrderId: bigint, finishedAt: string, fault?: string): Promise<FinishOutcome> {
    const order = this.#orders.get(cardOrderId);
    const outcome =
      order === undefined ? 'unknown-order' : order.finishedAt === undefined ? 'done' : 'repeated';
    const ask: AskRecord = { cardOrderId, asked: 'finish', at: finishedAt, outcome, ...faultOf(fault) };
    await this.#decide(ask, outcome === 'done' && order !== undefined ? { ...order, finishedAt } : undefined);
    return outcome;
  }

  async ship(
    cardOrderId: bigint,
    shipment: NonNullable<OrderRecord['shipment']>,
    fault?: string,
  ): Promise<ShipOutcome> {
    const order = this.#orders.get(cardOrderId);
    const outcome = shipOutcome(order, shipment);
    const ask: AskRecord = { cardOrderId, asked: 'sended', at: shipment.at, outcome, ...faultOf(fault) };
    await this.#decide(ask, outcome === 'done' && order !== undefined ? { ...order, shipment } : undefined);
    return outcome;
  }

  asks(cardOrderId: bigint): readonly AskRecord[] {
    return this.#asks.get(cardOrderId) ?? [];
  }

  noteAsk(ask: AskRecord): Promise<void> {
    return this.#decide(ask, undefined);
  }

  keep(change: StateChange): Promise<void> {
    return this.#store.append(change);
  }

  async noteMakeSuccess(
    cardOrderId: bigint,
    makeSuccess: NonNullable<OrderRecord['makeSuccess']>,
  ): Promise<void> {
    await this.#put({ ...this.#known(cardOrderId), makeSuccess });
  }

  activations(): readonly ActivationRecord[] {
    return this.#activations;
  }

  async addActivation(activation: ActivationRecord): Promise<void> {
    this.#activations.push(activation);
    await this.#store.append({ activation });
  }

  settled(): Promise<void> {
    return this.#store.settled();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #known(cardOrderId: bigint): OrderRecord {
    const order = this.#orders.get(cardOrderId);
    if (order === undefined) throw new Error(`order ${cardOrderId} is not in the ledger`);
    return order;
  }

  #put(order: OrderRecord): Promise<void> {
    this.#orders.set(order.cardOrderId, order);
    return this.#store.append({ order });
  }

  /**
   * One line holds the call and its effect. A repeat waits for its own line, and so for the first call's, whose
   * write may still be under way.
   */
  #decide(ask: AskRecord, order: OrderRecord | undefined): Promise<void> {
    this.#remember(ask);
    if (order !== undefined) this.#orders.set(order.cardOrderId, order);
    return this.#store.append({ ask, ...(order === undefined ? {} : { order }) });
  }

  #remember(ask: AskRecord): void {
    const asks = this.#asks.get(ask.cardOrderId);
    if (asks === undefined) this.#asks.set(ask.cardOrderId, [ask]);
    else asks.push(ask);
  }
}

function faultOf(fault: string | undefined): { fault?: string } {
  return fault === undefined ? {} : { fault };
}

function shipOutcome(
  order: OrderRecord | undefined,
  shipment: NonNullable<OrderRecord['shipment']>,
): ShipOutcome {
  if (order === undefined) return 'unknown-order';
  if (order.finishedAt === undefined) return 'not-finished';
  if (order.shipment === undefined) return 'done';
  const isSame =
    order.shipment.logisticsOrderId === shipment.logisticsOrderId &&
    order.shipment.logisticsCompany === shipment.logisticsCompany;
  return isSame ? 'repeated' : 'other-shipment';
}

function sameTemplate(a: TemplateRecord, b: TemplateRecord): boolean {
  return (
    a.cardName === b.cardName &&
    a.parValueFen === b.parValueFen &&
    a.pictureUrl === b.pictureUrl &&
    a.isTest === b.isTest
  );
}
