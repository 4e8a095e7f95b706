import { setTimeout as delay } from 'node:timers/promises';
import { checkNothingForeign, checkStored, untilPlanned, withDatabase } from './checks.ts';
import { type Entry, Ledger } from './ledger.ts';
import { Load } from './load.ts';
import { Product } from './product.ts';
import { pick, type Random, seededRandom } from './random.ts';

/** What is killed with SIGKILL: the product, the postmaster, one process of PostgreSQL, or everything at once. */
export type Victim = 'product' | 'postmaster' | 'backend' | 'all';

export interface CrashOptions {
  readonly seed: number;
  /** One kill each, in this order. */
  readonly victims: readonly Victim[];
  readonly callers?: number;
  /** Told of every round; for people who watch. */
  readonly onRound?: (line: string) => void;
}

export interface CrashReport {
  readonly kills: Readonly<Record<Victim, number>>;
  /** Kills of the same victim once more, while it was still recovering. */
  readonly secondKills: number;
  readonly orders: number;
  readonly acknowledged: number;
  readonly calls: Readonly<{ calls: number; success: number; conflict: number; doubtful: number }>;
  /** From the (last) kill until intake answered eight calls in a row, worst and median, in milliseconds. */
  readonly recoveryMs: Readonly<Record<Victim, { readonly worst: number; readonly median: number }>>;
  /** The longest wait for all orders to be planned or held after a round, in milliseconds. */
  readonly worstPlanningMs: number;
  /** Every broken promise; empty when all is well. */
  readonly violations: readonly string[];
  /** The end of what the product wrote. */
  readonly output: string;
}

const recoveryLimitMs = 60_000;
/** reliability.md, R7: after a restart of PostgreSQL, intake is ready again within this time. */
const postgresRecoveryLimitMs = 5_000;
const planningLimitMs = 15_000;
const answersInARow = 8;
/** A dying server may still answer for so long; calls sent before that say nothing of recovery. */
const lastBreathMs = 50;

/** Runs the product under load, kills as told, and holds what is stored against what was acknowledged. */
export async function runCrashes(options: CrashOptions): Promise<CrashReport> {
  const run = new CrashRun(options);
  try {
    return await run.all();
  } finally {
    await run.dispose();
  }
}

/** `rounds` kills of each kind, shuffled by the seed. */
export function shuffledVictims(rounds: Readonly<Record<Victim, number>>, random: Random): Victim[] {
  const victims = (Object.keys(rounds) as Victim[]).flatMap((victim) =>
    Array.from({ length: rounds[victim] }, () => victim),
  );
  for (let last = victims.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [victims[last], victims[other]] = [victims[other] as Victim, victims[last] as Victim];
  }
  return victims;
}

class CrashRun {
  readonly #options: CrashOptions;
  readonly #random: Random;
  readonly #product = new Product();
  readonly #ledger = new Ledger();
  readonly #load = new Load(this.#ledger, () => this.#product.port);
  readonly #recoveries: Record<Victim, number[]> = { product: [], postmaster: [], backend: [], all: [] };
  #secondKills = 0;
  #worstPlanningMs = 0;

  constructor(options: CrashOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  async all(): Promise<CrashReport> {
    await this.#product.start().whenReady;
    await this.#load.registerTemplate();
    for (const [index, victim] of this.#options.victims.entries()) await this.#round(index, victim);
    await this.#settle(this.#ledger.entries);
    const url = this.#product.databaseUrl();
    if (url !== undefined) await withDatabase(url, (pool) => checkNothingForeign(pool, this.#ledger));
    return this.#report();
  }

  async dispose(): Promise<void> {
    this.#load.close();
    await this.#product.dispose();
  }

  async #round(index: number, victim: Victim): Promise<void> {
    const firstNew = this.#ledger.entries.length;
    const stop = new AbortController();
    const load = this.#load.run(this.#options.callers ?? 8, this.#random, stop.signal);
    try {
      await delay(50 + this.#random() * 500);
      let killedAtMs = await this.#kill(victim);
      if (this.#random() < 0.25) {
        await delay(this.#random() * 700);
        killedAtMs = await this.#kill(victim);
        this.#secondKills++;
      }
      await this.#awaitRecovery(victim, killedAtMs);
      await delay(50);
    } finally {
      stop.abort();
      await load;
    }
    await this.#settle(this.#ledger.entries.slice(firstNew));
    const recoveryMs = Math.round(this.#recoveries[victim].at(-1) ?? Number.NaN);
    this.#options.onRound?.(
      `${index + 1}/${this.#options.victims.length} ${victim}: ready after ${recoveryMs} ms, ${this.#ledger.entries.length - firstNew} orders, ${this.#ledger.violations.length} violations`,
    );
  }

  /** Kills, starts the product again where it died, and answers when the kill happened. */
  async #kill(victim: Victim): Promise<number> {
    const killedAtMs = performance.now();
    if (victim === 'product') await this.#product.kill();
    else if (victim === 'all') await this.#product.killAll();
    else await this.#killServer(victim);
    if (victim === 'product' || victim === 'all') this.#product.start();
    return killedAtMs;
  }

  /** While the server is down there is nothing to kill; the victim is taken as soon as there is one. */
  async #killServer(victim: 'postmaster' | 'backend'): Promise<void> {
    const tryKill = (): boolean =>
      victim === 'postmaster'
        ? this.#product.killPostmaster()
        : this.#product.killBackend((pids) => pick(this.#random, pids));
    for (let attempt = 0; !tryKill(); attempt++) {
      if (attempt > 1_000)
        throw new Error(`there is no ${victim} to kill; the product said:\n${this.#product.output}`);
      await delay(10);
    }
  }

  async #awaitRecovery(victim: Victim, killedAtMs: number): Promise<void> {
    const readyAtMs = await this.#load.untilAnswered(
      killedAtMs + lastBreathMs,
      answersInARow,
      recoveryLimitMs,
    );
    if (!this.#product.alive) throw new Error(`the product exited:\n${this.#product.output}`);
    if (readyAtMs === undefined) {
      throw new Error(`no intake ${recoveryLimitMs} ms after killing ${victim}:\n${this.#product.output}`);
    }
    const tookMs = readyAtMs - killedAtMs;
    this.#recoveries[victim].push(tookMs);
    if ((victim === 'postmaster' || victim === 'backend') && tookMs > postgresRecoveryLimitMs) {
      this.#ledger.violations.push(`intake took ${Math.round(tookMs)} ms after killing ${victim}`);
    }
  }

  /** Repeats every order, as a platform would that is in doubt, and compares with the database before and after. */
  async #settle(entries: readonly Entry[]): Promise<void> {
    const url = this.#product.databaseUrl();
    if (url === undefined) throw new Error('PostgreSQL is not ready although intake is');
    await withDatabase(url, async (pool) => {
      await checkStored(pool, this.#ledger, entries);
      await this.#repeatAll(entries);
      const planningMs = await untilPlanned(pool, this.#ledger, planningLimitMs);
      this.#worstPlanningMs = Math.max(this.#worstPlanningMs, planningMs ?? planningLimitMs);
      await checkStored(pool, this.#ledger, entries);
    });
  }

  async #repeatAll(entries: readonly Entry[]): Promise<void> {
    const waiting = [...entries];
    const caller = async (): Promise<void> => {
      for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
        await this.#repeat(entry);
      }
    };
    await Promise.all(Array.from({ length: 16 }, caller));
  }

  async #repeat(entry: Entry): Promise<void> {
    const content = entry.acknowledged?.content ?? 0;
    const outcome = await this.#load.order(entry, content);
    if (outcome === 'doubtful') this.#ledger.complain(entry, 'no answer although nothing was killed');
    if (outcome === 'conflict') {
      // A conflicting content was stored first, and its answer was lost. One of the others has to be it.
      const others = [await this.#load.order(entry, 1), await this.#load.order(entry, 2)];
      if (!others.includes('success')) this.#ledger.complain(entry, 'every content is called a conflict');
    }
    await this.#load.status(entry);
  }

  #report(): CrashReport {
    const byVictim = <T>(of: (victim: Victim) => T): Record<Victim, T> => ({
      product: of('product'),
      postmaster: of('postmaster'),
      backend: of('backend'),
      all: of('all'),
    });
    return {
      kills: byVictim((victim) => this.#options.victims.filter((killed) => killed === victim).length),
      secondKills: this.#secondKills,
      orders: this.#ledger.entries.length,
      acknowledged: this.#ledger.acknowledged.length,
      calls: { ...this.#load.counts },
      recoveryMs: byVictim((victim) => {
        const sorted = this.#recoveries[victim].map(Math.round).sort((a, b) => a - b);
        return { worst: sorted.at(-1) ?? 0, median: sorted[Math.floor(sorted.length / 2)] ?? 0 };
      }),
      worstPlanningMs: Math.round(this.#worstPlanningMs),
      violations: this.#ledger.violations,
      output: this.#product.output,
    };
  }
}
