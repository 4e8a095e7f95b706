import { performance } from 'node:perf_hooks';
import type { Environment } from '@cardwright/top';
import type { Pool } from 'pg';
import { endAlarm, raiseAlarm } from '../alarm/alarm-store.ts';
import {
  afterAnswers,
  afterBan,
  afterClaim,
  afterFailure,
  alarmAfterFailures,
  type ClosedBecause,
  doorwayOf,
  fullBudget,
} from './door.ts';
import { changeDoor, type DoorChange, type DoorReading, readDoor } from './gate-store.ts';

/** Leave to make one call. Whoever has it says afterwards what the call showed of the peer. */
export interface Pass {
  /** The call took effect. */
  succeeded(): Promise<void>;
  /** The peer lives and said no, or something unusable. */
  answered(): Promise<void>;
  /** No answer. Undefined while the door stays open: then this call may be at fault, and not the peer. */
  failed(): Promise<Closed | undefined>;
  banned(ban: { seconds: number | undefined; isDailyVolume: boolean }): Promise<Closed>;
}
interface Closed {
  readonly retryAfterMs: number;
}
export type Entry =
  | { readonly open: true; readonly pass: Pass }
  | { readonly open: false; readonly retryAfterMs: number; readonly cause: string };

/**
 * The door to one peer, shared by all processes through the database: while a ban lasts or the peer is down nobody
 * calls, after an outage one caller tries first, and repeats are bounded (a retry budget).
 */
export interface Gate {
  enter(): Promise<Entry>;
}

export interface GateOptions {
  /** How long a process goes by what it last read; default 1,000. */
  readonly cacheMs?: number;
  /** Instead of the database's clock, for tests. */
  readonly nowMs?: () => number;
  /** From 0 to 1. */
  readonly random?: () => number;
  /** The door is a courtesy: where the database does not take a note of it, the call counts all the same. */
  readonly onError?: (error: unknown) => void;
}

const causes: Readonly<Record<ClosedBecause, string>> = {
  ban: '平台限流 · flow control: the platform asks for silence',
  'daily-volume': '平台当日调用量用尽 · the volume of the day is used up',
  outage: '平台无法访问 · the platform is down',
  'failing-too-often': '平台调用频繁失败 · calls to the platform fail too often',
};

export function createGate(pool: Pool, environment: Environment, options: GateOptions = {}): Gate {
  return new SharedGate(pool, environment, options);
}

class SharedGate implements Gate {
  readonly #pool: Pool;
  readonly #environment: Environment;
  readonly #options: GateOptions;
  #cached: { readonly reading: DoorReading; readonly atMs: number } | undefined;
  #reading: Promise<DoorReading> | undefined;
  /** Not yet noted in the database. */
  #successes = 0;

  constructor(pool: Pool, environment: Environment, options: GateOptions) {
    this.#pool = pool;
    this.#environment = environment;
    this.#options = options;
  }

  async enter(): Promise<Entry> {
    const { state, nowMs } = await this.#current();
    const doorway = doorwayOf(state, nowMs);
    if (doorway.kind === 'open') return { open: true, pass: this.#pass(false) };
    if (doorway.kind === 'probe' && (await this.#claimProbe())) {
      return { open: true, pass: this.#pass(true) };
    }
    return this.#closed();
  }

  /** Those who wait for the same door should not come back at the same moment. */
  async #closed(): Promise<Entry> {
    const { state, nowMs } = await this.#current();
    const forMs = Math.max(0, (state.closedUntilMs ?? nowMs) - nowMs);
    // A probe that succeeds opens the door long before its claim ends.
    const waitMs =
      state.reason === 'outage' || state.reason === 'failing-too-often' ? Math.min(forMs, 60_000) : forMs;
    const retryAfterMs = Math.ceil(waitMs + this.#random() * Math.min(5_000, 250 + waitMs * 0.1));
    return { open: false, retryAfterMs, cause: causes[state.reason ?? 'outage'] };
  }

  #pass(isProbe: boolean): Pass {
    return {
      succeeded: async () => {
        this.#successes += 1;
        if (isProbe || this.#hasSomethingToMend()) await this.#noteAnswers();
      },
      answered: async () => {
        if (isProbe || this.#hasSomethingToMend()) await this.#noteAnswers();
      },
      failed: async () => {
        const jitter = this.#random();
        const successes = this.#successes;
        this.#successes = 0;
        const reading = await this.#change(async ({ state, nowMs }, client) => {
          const isOpen = doorwayOf(state, nowMs).kind === 'open';
          const known = isOpen && successes > 0 ? afterAnswers(state, nowMs, successes) : state;
          const failed = afterFailure(known, nowMs, { isProbe, jitter });
          if (failed.failuresInARow >= alarmAfterFailures) {
            const detail = { failuresInARow: alarmAfterFailures };
            await raiseAlarm(client, { kind: 'platform-down', environment: this.#environment, detail });
          }
          return failed;
        });
        return reading === undefined ? undefined : closedFor(reading);
      },
      banned: async (ban) => {
        const reading = await this.#change(async ({ state, nowMs }, client) => {
          const banned = afterBan(state, nowMs, ban);
          if (ban.isDailyVolume) {
            const until = new Date(banned.closedUntilMs ?? nowMs).toISOString();
            await raiseAlarm(client, {
              kind: 'daily-volume',
              environment: this.#environment,
              detail: { until },
            });
          }
          return banned;
        });
        return (reading && closedFor(reading)) ?? { retryAfterMs: (ban.seconds ?? 10) * 1000 };
      },
    };
  }

  #hasSomethingToMend(): boolean {
    const state = this.#cached?.reading.state;
    return state !== undefined && (state.failuresInARow > 0 || state.reason === 'outage');
  }

  async #noteAnswers(): Promise<void> {
    const successes = this.#successes;
    this.#successes = 0;
    await this.#change(async ({ state, nowMs }, client) => {
      if (state.failuresInARow >= alarmAfterFailures)
        await endAlarm(client, 'platform-down', this.#environment);
      return afterAnswers(state, nowMs, successes);
    });
  }

  async #claimProbe(): Promise<boolean> {
    let claimed = false;
    await this.#change(({ state, nowMs }) => {
      // Another process may have been faster, or the outage is over.
      claimed = doorwayOf(state, nowMs).kind !== 'closed';
      return claimed && state.closedUntilMs !== undefined ? afterClaim(state, nowMs) : state;
    });
    return claimed;
  }

  async #change(change: DoorChange): Promise<DoorReading | undefined> {
    try {
      const reading = await changeDoor(this.#pool, this.#environment, change, this.#options.nowMs?.());
      this.#keep(reading);
      return reading;
    } catch (error) {
      this.#options.onError?.(error);
      return undefined;
    }
  }

  async #current(): Promise<DoorReading> {
    const cached = this.#cached;
    const ageMs = cached === undefined ? Number.POSITIVE_INFINITY : this.#clock() - cached.atMs;
    if (cached !== undefined && ageMs < (this.#options.cacheMs ?? 1_000)) {
      const { state, nowMs } = cached.reading;
      return { state, nowMs: nowMs + ageMs };
    }
    this.#reading ??= this.#refresh().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #refresh(): Promise<DoorReading> {
    const reading = await readDoor(this.#pool, this.#environment, this.#options.nowMs?.());
    this.#keep(reading);
    const { failuresInARow, retryBudget } = reading.state;
    if (this.#successes > 0 && failuresInARow === 0 && retryBudget >= fullBudget) this.#successes = 0;
    if (this.#successes > 0) await this.#noteAnswers();
    return this.#cached?.reading ?? reading;
  }

  #keep(reading: DoorReading): void {
    this.#cached = { reading, atMs: this.#clock() };
  }

  /** For ages only, so any clock that runs does. */
  readonly #clock = (): number => this.#options.nowMs?.() ?? performance.now();
  readonly #random = (): number => (this.#options.random ?? Math.random)();
}

function closedFor({ state, nowMs }: DoorReading): Closed | undefined {
  const doorway = doorwayOf(state, nowMs);
  return doorway.kind === 'closed' ? { retryAfterMs: Math.ceil(doorway.forMs) } : undefined;
}
