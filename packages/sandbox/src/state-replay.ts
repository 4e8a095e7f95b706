import type { SandboxState, StateChange } from './records.ts';

type Keyed<T> = Map<string | bigint, T>;
type Item<K extends keyof SandboxState> = Extract<SandboxState[K], readonly unknown[]>[number];

/** Builds a state from the lines of its journal. */
export class StateReplay {
  #seed = '';
  #ownSign: SandboxState['ownSign'] = 'daily';
  readonly #templates: Keyed<Item<'templates'>> = new Map();
  readonly #orders: Keyed<Item<'orders'>> = new Map();
  readonly #faults: Keyed<Item<'faults'>> = new Map();
  readonly #activations: Item<'activations'>[] = [];
  readonly #asks: Item<'asks'>[] = [];
  #chaos: SandboxState['chaos'];
  #clock: SandboxState['clock'];

  apply(change: StateChange): void {
    const { sandbox, template, order, activation, ask, fault, faultGone, chaos, chaosOff, clock } = change;
    if (sandbox !== undefined) {
      this.#seed = sandbox.seed;
      this.#ownSign = sandbox.ownSign;
    }
    if (template !== undefined) this.#templates.set(template.templateNo, template);
    if (order !== undefined) this.#orders.set(order.cardOrderId, order);
    if (activation !== undefined) this.#activations.push(activation);
    if (ask !== undefined) this.#asks.push(ask);
    if (fault !== undefined) this.#faults.set(fault.id, fault);
    if (faultGone !== undefined) this.#faults.delete(faultGone);
    if (chaosOff === true) this.#chaos = undefined;
    if (chaos !== undefined) this.#chaos = chaos;
    if (clock !== undefined) this.#clock = clock;
  }

  state(): SandboxState {
    return {
      seed: this.#seed,
      ownSign: this.#ownSign,
      templates: [...this.#templates.values()],
      orders: [...this.#orders.values()],
      activations: this.#activations,
      asks: this.#asks,
      faults: [...this.#faults.values()],
      ...(this.#chaos === undefined ? {} : { chaos: this.#chaos }),
      ...(this.#clock === undefined ? {} : { clock: this.#clock }),
    };
  }
}

/** The fewest changes that a state follows from; the first is the `sandbox` line. */
export function changesOf(state: SandboxState, version: bigint): readonly StateChange[] {
  const { seed, ownSign, templates, orders, activations, asks, faults, chaos, clock } = state;
  return [
    { sandbox: { version, seed, ownSign } },
    ...templates.map((template) => ({ template })),
    ...orders.map((order) => ({ order })),
    ...activations.map((activation) => ({ activation })),
    ...asks.map((ask) => ({ ask })),
    ...faults.map((fault) => ({ fault })),
    ...(chaos === undefined ? [] : [{ chaos }]),
    ...(clock === undefined ? [] : [{ clock }]),
  ];
}
