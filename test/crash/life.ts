import { setTimeout as delay } from 'node:timers/promises';
import { signalProcess } from '../../packages/server/src/db/embedded/processes.ts';
import { type Failpoint, failpointNames } from '../../packages/server/src/failpoint.ts';
import { checkInvariants } from '../invariants/invariants.ts';
import { platformSideOf } from '../sim/platform-side.ts';
import { Farm } from './farm.ts';
import type { Member } from './member.ts';
import { pick, type Random, seededRandom } from './random.ts';
import { Shop } from './shop.ts';

/** The tasks that a worker does; the product refuses to start with another list than its own. */
export const taskNames = [
  'plan-card-order',
  'replan-held-orders',
  'fetch-cards',
  'watch-cards',
  'report-finish',
  'report-sended',
  'advance-test-order',
  'sweep',
  'sign-audit-checkpoint',
  'shred-secrets',
] as const;

/** What happens in one round: a member is killed or stopped where it passes a failpoint, or PostgreSQL is killed. */
export type Round =
  | { readonly kind: 'kill'; readonly at: Failpoint; readonly pass: number }
  /** Woken when another took over, and not before `forMs` have passed. */
  | { readonly kind: 'stop'; readonly at: Failpoint; readonly pass: number; readonly forMs: number }
  | { readonly kind: 'postgres' };

export interface LifeReport {
  readonly rounds: number;
  /** Of each failpoint, how often a process was killed there. */
  readonly killedAt: ReadonlyMap<Failpoint, number>;
  readonly stoppedAt: ReadonlyMap<Failpoint, number>;
  /** Rounds whose failpoint was not passed in time. */
  readonly missed: readonly string[];
  /** From a kill until another process had gone on with all that the dead one had in hand, in milliseconds. */
  readonly resumedMs: readonly number[];
  /** From a stop until another process had taken over. */
  readonly takenOverMs: readonly number[];
  /** From a kill of PostgreSQL until the gateway said that it is ready. */
  readonly intakeReadyMs: readonly number[];
  readonly orders: number;
  readonly shipped: number;
  readonly violations: readonly string[];
}

const reachLimitMs = 12_000;
const settleLimitMs = 90_000;
const takeOverLimitMs = 25_000;

/** Every failpoint once with `kill`, in an order that the seed decides; then as many more as there are to be. */
export function killRounds(random: Random, count: number): readonly Round[] {
  const names = failpointNames(taskNames);
  return Array.from({ length: count }, (_, n) => {
    const at = n < names.length ? names[n] : pick(random, names);
    return { kind: 'kill', at: at as Failpoint, pass: n < names.length ? 1 : 1 + Math.floor(random() * 3) };
  });
}

/** Stops are for workers: a gateway that is stopped is one that does not answer. */
export function stopRounds(random: Random, count: number, forMs = 0): readonly Round[] {
  const names = failpointNames(taskNames).filter((name) =>
    /^(?:task:(?:fetch|report|plan)|platform|job)/.test(name),
  );
  return Array.from({ length: count }, () => ({
    kind: 'stop',
    forMs,
    at: pick(random, names),
    pass: 1 + Math.floor(random() * 2),
  }));
}

/** Lives through the rounds under load, then lets everything come to its end and checks every promise. */
export async function runLife(options: {
  readonly seed: number;
  readonly rounds: readonly Round[];
  readonly chaosRate?: number;
  readonly onRound?: (line: string) => void;
}): Promise<LifeReport> {
  const farm = await Farm.open(options.seed, options.chaosRate ?? 0.1);
  try {
    const life = new Life(farm, seededRandom(options.seed));
    return await life.run(options.rounds, options.onRound ?? (() => undefined));
  } finally {
    await farm.close();
  }
}

class Life {
  readonly #farm: Farm;
  readonly #shop: Shop;
  readonly #killedAt = new Map<Failpoint, number>();
  readonly #stoppedAt = new Map<Failpoint, number>();
  readonly #missed: string[] = [];
  readonly #resumedMs: number[] = [];
  readonly #takenOverMs: number[] = [];
  readonly #intakeReadyMs: number[] = [];
  readonly #violations: string[] = [];
  #gateway!: Member;
  #worker!: Member;

  constructor(farm: Farm, random: Random) {
    this.#farm = farm;
    this.#shop = new Shop(farm, random);
  }

  async run(rounds: readonly Round[], onRound: (line: string) => void): Promise<LifeReport> {
    this.#gateway = this.#farm.gateway();
    this.#worker = this.#farm.worker();
    await Promise.all([this.#gateway.whenReady, this.#worker.whenReady]);
    const stop = new AbortController();
    const shop = this.#shop.run(stop.signal);
    try {
      for (const [index, round] of rounds.entries()) {
        const said = await this.#round(round);
        onRound(`${index + 1}/${rounds.length} ${said}`);
        if (!this.#gateway.isAlive || !this.#worker.isAlive)
          throw new Error(`a member died unasked: ${this.#gateway.output}${this.#worker.output}`);
      }
    } finally {
      stop.abort();
      await shop;
    }
    await this.#settle();
    return this.#report(rounds.length);
  }

  #round(round: Round): Promise<string> {
    if (round.kind === 'postgres') return this.#killPostgres();
    if (round.at.startsWith('vault:')) return this.#killRotation(round);
    if (round.at.startsWith('intake:')) return this.#killGateway(round);
    return round.kind === 'kill' ? this.#killWorker(round) : this.#stopWorker(round);
  }

  async #killWorker({ at, pass }: { at: Failpoint; pass: number }): Promise<string> {
    const victim = this.#farm.worker(`${at}=kill@${pass}`);
    if (at !== 'worker:registered') await victim.whenReady.catch(() => undefined);
    const hasDied = await this.#stimulateUntil(at, () => !victim.isAlive);
    if (!hasDied) return this.#miss(`kill at ${at}`, victim);
    const diedAtMs = performance.now();
    this.#killedAt.set(at, (this.#killedAt.get(at) ?? 0) + 1);
    const resumed = await this.#untilOthersGoOn(victim, diedAtMs, takeOverLimitMs);
    if (resumed !== undefined) this.#resumedMs.push(resumed);
    return `killed at ${at}, pass ${pass}: ${resumed === undefined ? 'held nothing' : `resumed after ${Math.round(resumed)} ms`}`;
  }

  async #stopWorker({ at, pass, forMs }: { at: Failpoint; pass: number; forMs: number }): Promise<string> {
    const victim = this.#farm.worker(`${at}=stop@${pass}`);
    await victim.whenReady;
    const hasStopped = await this.#stimulateUntil(at, () => victim.isStopped);
    if (!hasStopped) return this.#miss(`stop at ${at}`, victim);
    const stoppedAtMs = performance.now();
    this.#stoppedAt.set(at, (this.#stoppedAt.get(at) ?? 0) + 1);
    const takenOver = await this.#untilOthersGoOn(victim, stoppedAtMs, takeOverLimitMs);
    if (takenOver !== undefined) this.#takenOverMs.push(takenOver);
    await this.#untilEnded(victim);
    await delay(Math.max(0, forMs - (performance.now() - stoppedAtMs)));
    victim.wake();
    await delay(1_500);
    // It goes on under a new id, or the words of its old one were refused; either way it is told to stop in order.
    const registrations = await this.#registrationsOf(victim);
    if (registrations.length < 2)
      this.#violations.push(`a worker that was stopped at ${at} did not register anew when it woke`);
    await victim.stop();
    return `stopped at ${at}, pass ${pass}: ${takenOver === undefined ? 'held nothing' : `taken over after ${Math.round(takenOver)} ms`}`;
  }

  async #killGateway({ at, pass }: { at: Failpoint; pass: number }): Promise<string> {
    await this.#gateway.kill();
    const victim = this.#farm.gateway(`${at}=kill@${pass}`);
    await victim.whenReady.catch(() => undefined);
    const hasDied = await this.#stimulateUntil(at, () => !victim.isAlive);
    if (hasDied) this.#killedAt.set(at, (this.#killedAt.get(at) ?? 0) + 1);
    else await this.#miss(`kill at ${at}`, victim);
    this.#gateway = this.#farm.gateway();
    await this.#gateway.whenReady;
    return `killed at ${at}, pass ${pass}`;
  }

  /** Rotates the master key in a process that dies in the middle, and once more to the end. */
  async #killRotation({ at }: { at: Failpoint }): Promise<string> {
    const rotate = ['vault', 'rotate', '--drop-old'];
    const victim = this.#farm.start(rotate, `${at}=kill`);
    const how = await victim.ended;
    if (how === 'SIGKILL') this.#killedAt.set(at, (this.#killedAt.get(at) ?? 0) + 1);
    else this.#missed.push(`kill at ${at}: ended with ${how}: ${victim.output.slice(-300)}`);
    const second = this.#farm.start(rotate);
    const code = await second.ended;
    if (code !== 0)
      this.#violations.push(`a rotation after a kill at ${at} failed: ${second.output.slice(-300)}`);
    return `rotation killed at ${at}`;
  }

  async #killPostgres(): Promise<string> {
    signalProcess(this.#farm.server.pid, 'SIGKILL');
    const killedAtMs = performance.now();
    await delay(50);
    while (!(await this.#isReady())) {
      if (performance.now() - killedAtMs > 60_000) {
        this.#violations.push('intake was not ready a minute after PostgreSQL was killed');
        break;
      }
      await delay(20);
    }
    const readyMs = performance.now() - killedAtMs;
    this.#intakeReadyMs.push(readyMs);
    await delay(500);
    return `PostgreSQL killed: intake ready after ${Math.round(readyMs)} ms`;
  }

  async #isReady(): Promise<boolean> {
    const answer = await fetch(`http://127.0.0.1:${this.#farm.gatewayPort}/readyz`, {
      signal: AbortSignal.timeout(2_000),
    }).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.status === 200;
  }

  async #miss(what: string, victim: Member): Promise<string> {
    this.#missed.push(what);
    await victim.stop();
    return `${what}: not passed in time`;
  }

  /** Brings about what leads past a failpoint. */
  async #stimulateUntil(at: Failpoint, isOver: () => boolean): Promise<boolean> {
    const until = performance.now() + reachLimitMs;
    for (let round = 0; performance.now() < until; round++) {
      if (isOver()) return true;
      if (round % 10 === 5) await this.#stimulate(at).catch(() => undefined);
      await delay(10);
    }
    return isOver();
  }

  async #stimulate(at: Failpoint): Promise<void> {
    const { pool } = this.#farm;
    if (at.startsWith('reaper:')) {
      const bystander = this.#farm.worker();
      await bystander.whenReady.catch(() => undefined);
      await bystander.kill();
      return;
    }
    const task = /^task:([^:]+):/.exec(at)?.[1];
    if (task === 'shred-secrets')
      await pool.query(
        `update card_order set ended_at = ended_at - interval '20 years' where (environment, card_order_id) in (
           select environment, card_order_id from card_order
           where ended_at > now() - interval '10 years' and receiver_sealed is not null limit 1)`,
      );
    const isPutOff = at.includes('put-off');
    if (task !== undefined || isPutOff)
      await pool.query(
        `select graphile_worker.reschedule_jobs(array_agg(id), run_at := now()), pg_notify('jobs:insert', '{"count":4}')
         from graphile_worker.jobs where task_identifier = $1 and locked_at is null having count(*) > 0`,
        [task ?? 'sweep'],
      );
  }

  /** The jobs that the victim held are done, or in other hands. Undefined where it held none. */
  async #untilOthersGoOn(victim: Member, sinceMs: number, limitMs: number): Promise<number | undefined> {
    const { pool } = this.#farm;
    const held = await pool.query<{ id: bigint; attempts: number }>(
      `select id, attempts from graphile_worker.jobs where locked_by in (
         select unnest(pool_ids) from worker_process where pid = $1)`,
      [victim.pid],
    );
    if (held.rows.length === 0) return undefined;
    const ids = held.rows.map(({ id }) => String(id));
    for (;;) {
      // Gone, or begun once more: an attempt is counted when a job is taken.
      const { rows } = await pool.query<{ n: bigint }>(
        `select count(*) as n from graphile_worker.jobs j join unnest($1::bigint[], $2::int[]) as h (id, attempts) using (id)
         where j.attempts = h.attempts`,
        [ids, held.rows.map(({ attempts }) => attempts)],
      );
      if (rows[0]?.n === 0n) return performance.now() - sinceMs;
      if (performance.now() - sinceMs > limitMs) {
        this.#violations.push(`jobs of a dead worker lay for ${limitMs} ms`);
        return limitMs;
      }
      await delay(15);
    }
  }

  async #untilEnded(victim: Member): Promise<void> {
    const until = performance.now() + takeOverLimitMs;
    while (performance.now() < until) {
      const registrations = await this.#registrationsOf(victim);
      if (registrations.every(({ ended }) => ended)) return;
      await delay(50);
    }
    this.#violations.push('a stopped worker was not ended by another');
  }

  async #registrationsOf(victim: Member): Promise<readonly { ended: boolean }[]> {
    const { rows } = await this.#farm.pool.query<{ ended: boolean }>(
      'select ended_at is not null as ended from worker_process where pid = $1',
      [victim.pid],
    );
    return rows;
  }

  async #settle(): Promise<void> {
    const { sandbox, pool } = this.#farm;
    await sandbox.faults.setChaos(undefined);
    const left = await this.#shop.settle(settleLimitMs);
    for (const order of left)
      this.#violations.push(`order ${order.id} came to rest as ${order.state} ${order.hold_reason ?? ''}`);
    await pool.query('select 1');
  }

  async #report(rounds: number): Promise<LifeReport> {
    const { pool, vault, sandbox } = this.#farm;
    await vault.refresh();
    const platform = platformSideOf(sandbox, this.#shop.acknowledged);
    const breaches = await checkInvariants({ pool, vault, platform });
    const orders = sandbox.orders();
    return {
      rounds,
      killedAt: this.#killedAt,
      stoppedAt: this.#stoppedAt,
      missed: this.#missed,
      resumedMs: this.#resumedMs,
      takenOverMs: this.#takenOverMs,
      intakeReadyMs: this.#intakeReadyMs,
      orders: orders.length,
      shipped: orders.filter(({ shipment }) => shipment !== undefined).length,
      violations: [...this.#violations, ...this.#shop.complaints, ...breaches],
    };
  }
}
