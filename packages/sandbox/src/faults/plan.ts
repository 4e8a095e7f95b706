import { spiFamily } from '@cardwright/top';
import type { ChaosRecord, FaultRecord, StateChange } from '../records.ts';
import { servedFamily } from '../served.ts';
import { type Dice, diceOf } from './dice.ts';
import { type FaultKind, faultKindNames, faultKinds, isFaultKind, strikesMethod } from './kinds.ts';

/** When a fault strikes. */
export interface FaultRule {
  readonly kind: FaultKind;
  /** A method, or how it ends: `make.finish`. Undefined: every one that the kind can strike. */
  readonly method?: string;
  readonly cardOrderId?: bigint;
  /** Pages that may be struck; for a lie about a whole listing, where it begins. */
  readonly pages?: readonly number[];
  /** How often; 0: always. Default 1. A lie about a whole listing counts each page for itself. */
  readonly times?: number;
  /** How many fitting calls pass first, counted as `times` is. */
  readonly afterCalls?: number;
  /** What it means depends on the kind: see `faultKinds`. */
  readonly value?: number;
}
/** A rule in force. `struck`: how often it has. */
export interface FaultState extends FaultRule {
  readonly id: number;
  readonly struck: number;
}

/**
 * Faults by the dice. Whether one strikes a call, and which, depends on nothing but (seed, method, order, page, how
 * often that was asked before): not on the order in which calls come.
 */
export interface Chaos {
  readonly seed: string;
  /** The share of calls that are struck, 0 to 1; listings are lied about as a whole at the same rate. */
  readonly rate: number;
  /** Default: all that a maker gets over without a person. */
  readonly kinds?: readonly FaultKind[];
}

/** What a call is about, as far as faults choose by it. */
export interface Question {
  readonly direction: 'in' | 'out';
  readonly method: string;
  /** The order, or else the template. */
  readonly about: bigint | string | undefined;
  readonly page: number;
}

/** A fault that strikes one call. */
export interface Strike {
  readonly kind: FaultKind;
  /** `rule 3` or `chaos`. */
  readonly by: string;
  readonly value: number;
  readonly pages: readonly number[] | undefined;
  /** How often the same was asked before. */
  readonly ask: number;
  readonly dice: Dice;
}

/** The plan of one sandbox, from inside its process. */
export interface Faults {
  add(rule: FaultRule): Promise<{ readonly ok: true; readonly rule: FaultState } | FaultProblem>;
  /** The rules, also those that have struck as often as they should. */
  list(): readonly FaultState[];
  /** Removes one rule or all, chaos not. Resolves to how many there were. */
  clear(id?: number): Promise<number>;
  chaos(): Chaos | undefined;
  /** Undefined: no more of it. */
  setChaos(chaos: Chaos | undefined): Promise<{ readonly ok: true } | FaultProblem>;
  /** How often each kind has struck since the start. */
  struck(): ReadonlyMap<FaultKind, number>;
}
export interface FaultProblem {
  readonly ok: false;
  readonly problem: string;
}

interface Rule {
  readonly id: number;
  readonly rule: FaultRule;
  seen: number;
  struck: number;
  /** Of a lie about a whole listing: how often each page was asked for. */
  readonly seenOf: Map<string, number>;
}

export class FaultPlan implements Faults {
  readonly #keep: (change: StateChange) => Promise<void>;
  readonly #rules = new Map<number, Rule>();
  readonly #asks = new Map<string, number>();
  readonly #struck = new Map<FaultKind, number>();
  #chaos: Chaos | undefined;
  #lastId = 0;

  /** `keep` makes a change of the plan durable. */
  constructor(
    keep: (change: StateChange) => Promise<void>,
    found: { readonly faults: readonly FaultRecord[]; readonly chaos?: ChaosRecord } | undefined,
  ) {
    this.#keep = keep;
    for (const record of found?.faults ?? []) this.#restore(record);
    if (found?.chaos !== undefined) this.#chaos = chaosOf(found.chaos);
  }

  async add(rule: FaultRule): Promise<{ readonly ok: true; readonly rule: FaultState } | FaultProblem> {
    const problem = ruleProblem(rule);
    if (problem !== undefined) return { ok: false, problem };
    const added: Rule = { id: ++this.#lastId, rule, seen: 0, struck: 0, seenOf: new Map() };
    this.#rules.set(added.id, added);
    await this.#keep({ fault: recordOf(added) });
    return { ok: true, rule: stateOf(added) };
  }

  list(): readonly FaultState[] {
    return [...this.#rules.values()].map(stateOf);
  }

  async clear(id?: number): Promise<number> {
    const ids = id === undefined ? [...this.#rules.keys()] : this.#rules.has(id) ? [id] : [];
    for (const each of ids) this.#rules.delete(each);
    await Promise.all(ids.map((each) => this.#keep({ faultGone: BigInt(each) })));
    return ids.length;
  }

  chaos(): Chaos | undefined {
    return this.#chaos;
  }

  async setChaos(chaos: Chaos | undefined): Promise<{ readonly ok: true } | FaultProblem> {
    const problem = chaos === undefined ? undefined : chaosProblem(chaos);
    if (problem !== undefined) return { ok: false, problem };
    this.#chaos = chaos;
    await this.#keep(chaos === undefined ? { chaosOff: true } : { chaos: chaosRecordOf(chaos) });
    return { ok: true };
  }

  struck(): ReadonlyMap<FaultKind, number> {
    return this.#struck;
  }

  /** How often a question was asked since the start. */
  asked(method: string, about: bigint | string, page: number): number {
    return this.#asks.get(keyOf({ method, about, page })) ?? 0;
  }

  /**
   * Counts a call, and decides what strikes it: at most one fault, rules before chaos, older rules first. `fit` says
   * what a strike would do to the call; undefined if nothing.
   */
  strike<F>(
    question: Question,
    fit: (strike: Strike) => F | undefined,
  ): { readonly strike: Strike; readonly fit: F } | undefined {
    const key = keyOf(question);
    const ask = this.#asks.get(key) ?? 0;
    this.#asks.set(key, ask + 1);
    if (this.#rules.size === 0 && this.#chaos === undefined) return undefined;
    const found = this.#byRule(question, key, ask, fit) ?? this.#byChaos(question, ask, fit);
    if (found === undefined) return undefined;
    const { kind } = found.strike;
    this.#struck.set(kind, (this.#struck.get(kind) ?? 0) + 1);
    return found;
  }

  #byRule<F>(question: Question, key: string, ask: number, fit: (strike: Strike) => F | undefined) {
    let found: { readonly strike: Strike; readonly fit: F } | undefined;
    for (const rule of this.#rules.values()) {
      if (isSpent(rule) || !matches(rule.rule, question)) continue;
      const strike = strikeOf(rule.rule, `rule ${rule.id}`, question, ask);
      const fits = fit(strike);
      // Every rule counts every call that it fits, also where another one strikes.
      if (fits === undefined || !isDue(rule, key) || found !== undefined) continue;
      found = { strike, fit: fits };
      rule.struck++;
      // Not waited for: after a crash a rule may strike once more, and a failure of writing shows with the next change.
      if (rule.rule.times !== 0) this.#keep({ fault: recordOf(rule) }).catch(() => {});
    }
    return found;
  }

  #byChaos<F>(question: Question, ask: number, fit: (strike: Strike) => F | undefined) {
    const chaos = this.#chaos;
    if (chaos === undefined || chaos.rate === 0) return undefined;
    const { direction, method, about = '', page } = question;
    const kinds = (chaos.kinds ?? usualKinds).filter((kind) => strikesMethod(kind, method, direction));
    for (const isWhole of [true, false]) {
      const choice = kinds.filter((kind) => (faultKinds[kind].wholeListing === true) === isWhole);
      // A lie about a whole listing is drawn once for all its pages, so that they tell the same.
      const dice = diceOf(chaos.seed, method, about, isWhole ? 'all' : page, ask);
      if (choice.length === 0 || dice(2 ** 32) >= chaos.rate * 2 ** 32) continue;
      const strike = strikeOf({ kind: choice[dice(choice.length)]! }, 'chaos', question, ask, chaos.seed);
      const fits = fit(strike);
      if (fits !== undefined) return { strike, fit: fits };
    }
    return undefined;
  }

  #restore(record: FaultRecord): void {
    const { id, kind, times, afterCalls, struck, pages, value, method, cardOrderId } = record;
    this.#lastId = Math.max(this.#lastId, Number(id));
    if (!isFaultKind(kind)) return;
    const rule: FaultRule = {
      kind,
      times: Number(times),
      afterCalls: Number(afterCalls),
      ...(method === undefined ? {} : { method }),
      ...(cardOrderId === undefined ? {} : { cardOrderId }),
      ...(pages === undefined ? {} : { pages: pages.map(Number) }),
      ...(value === undefined ? {} : { value: Number(value) }),
    };
    const seen = struck > 0n ? Number(afterCalls + struck) : 0;
    this.#rules.set(Number(id), { id: Number(id), rule, seen, struck: Number(struck), seenOf: new Map() });
  }
}

const usualKinds = faultKindNames.filter((kind) => faultKinds[kind].onlyNamed !== true);

function keyOf({ method, about, page }: Omit<Question, 'direction'>): string {
  return `${method} ${about ?? ''} ${page}`;
}

function matches(rule: FaultRule, { direction, method, about, page }: Question): boolean {
  if (!strikesMethod(rule.kind, method, direction)) return false;
  if (rule.method !== undefined && !isMethod(rule.method, method)) return false;
  if (rule.cardOrderId !== undefined && rule.cardOrderId !== about) return false;
  return rule.pages === undefined || faultKinds[rule.kind].wholeListing === true || rule.pages.includes(page);
}

function isMethod(asked: string, method: string): boolean {
  return method === asked || method.endsWith(`.${asked}`);
}

function isSpent({ rule: { kind, times = 1 }, struck }: Rule): boolean {
  return faultKinds[kind].wholeListing !== true && times !== 0 && struck >= times;
}

/** Counts a call that a rule fits, and says whether it is one of those to strike. */
function isDue(rule: Rule, key: string): boolean {
  const { kind, times = 1, afterCalls = 0 } = rule.rule;
  if (faultKinds[kind].wholeListing === true) {
    const seen = rule.seenOf.get(key) ?? 0;
    rule.seenOf.set(key, seen + 1);
    return seen >= afterCalls && (times === 0 || seen < afterCalls + times);
  }
  return rule.seen++ >= afterCalls && (times === 0 || rule.struck < times);
}

function strikeOf(
  { kind, value, pages }: FaultRule,
  by: string,
  { method, about = '', page }: Question,
  ask: number,
  seed = '',
): Strike {
  const { wholeListing, value: usual } = faultKinds[kind];
  // The same throws for every page of a listing that is lied about as a whole.
  const dice = diceOf('strike', seed, kind, method, about, wholeListing === true ? 'all' : page, ask);
  return { kind, by, value: value ?? usual?.otherwise ?? 0, pages, ask, dice };
}

function ruleProblem({ kind, method, pages, times, afterCalls, value }: FaultRule): string | undefined {
  if (!isFaultKind(kind)) return 'there is no such kind of fault';
  const isStruck = (name: string, direction: 'in' | 'out'): boolean =>
    strikesMethod(kind, name, direction) && (method === undefined || isMethod(method, name));
  const struck =
    Object.keys(servedFamily).some((name) => isStruck(name, 'in')) ||
    Object.keys(spiFamily).some((name) => isStruck(name, 'out'));
  if (!struck) return `${kind} does not strike that method`;
  if (pages?.length === 0 || pages?.some((page) => !isWhole(page, 1))) return 'pages are counted from 1';
  for (const [name, number] of Object.entries({ times, afterCalls, value }))
    if (number !== undefined && !isWhole(number, 0)) return `${name} is a whole number from 0`;
  return undefined;
}

function chaosProblem({ rate, kinds }: Chaos): string | undefined {
  if (!(rate >= 0 && rate <= 1)) return 'the rate is a number from 0 to 1';
  const unknown = kinds?.find((kind) => !isFaultKind(kind));
  return unknown === undefined ? undefined : 'there is no such kind of fault';
}

function isWhole(number: number, min: number): boolean {
  return Number.isSafeInteger(number) && number >= min && number <= 2 ** 31 - 1;
}

function stateOf({ id, rule, struck }: Rule): FaultState {
  return { id, ...rule, struck };
}

function recordOf({ id, rule, struck }: Rule): FaultRecord {
  const { kind, method, cardOrderId, pages, times = 1, afterCalls = 0, value } = rule;
  return {
    id: BigInt(id),
    kind,
    times: BigInt(times),
    afterCalls: BigInt(afterCalls),
    struck: BigInt(struck),
    ...(method === undefined ? {} : { method }),
    ...(cardOrderId === undefined ? {} : { cardOrderId }),
    ...(pages === undefined ? {} : { pages: pages.map(BigInt) }),
    ...(value === undefined ? {} : { value: BigInt(value) }),
  };
}

function chaosRecordOf({ seed, rate, kinds }: Chaos): ChaosRecord {
  return { seed, rate: String(rate), ...(kinds === undefined ? {} : { kinds }) };
}

function chaosOf({ seed, rate, kinds }: ChaosRecord): Chaos {
  return { seed, rate: Number(rate), ...(kinds === undefined ? {} : { kinds: kinds.filter(isFaultKind) }) };
}
