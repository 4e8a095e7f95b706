import { createHash } from 'node:crypto';
import { type Sandbox, startSandbox } from '@cardwright/sandbox';
import { faultKinds } from '../../packages/sandbox/src/faults/kinds.ts';
import type { FaultRule } from '../../packages/sandbox/src/faults/plan.ts';
import { addMissingJobs } from '../../packages/server/src/card-order/missing-jobs.ts';
import { addJob } from '../../packages/server/src/db/add-job.ts';
import { inTransaction } from '../../packages/server/src/db/transaction.ts';
import { gatewayServices } from '../../packages/server/src/house.ts';
import { endWorker } from '../../packages/server/src/jobs/worker-store.ts';
import type { Vault } from '../../packages/server/src/vault/vault.ts';
import { pick, type Random, seededRandom } from '../crash/random.ts';
import { checkInvariants } from '../invariants/invariants.ts';
import { orderTasks, rareKinds, usualKinds } from './choices.ts';
import { SimClock } from './clock.ts';
import { type Counts, noCounts } from './counts.ts';
import type { SimDatabase } from './database.ts';
import { type Intake, type IntakeFate, simEnvironment, simSecret } from './intake.ts';
import { Operators, type SeenOrder, seeOrders } from './operators.ts';
import { drawScript, longScript, type Script } from './orders.ts';
import { PlatformActs } from './platform-acts.ts';
import { liesByOrder, platformSideOf } from './platform-side.ts';
import type { Strand } from './strand.ts';
import { type DueJob, fetchedJobs, SimWorker, type TransactionFate, type WorkerParts } from './worker.ts';

/** What all schedules of a process share. */
export interface Stage {
  readonly database: SimDatabase;
  readonly intake: Intake;
  readonly vault: Vault;
}

/** What came of one schedule. */
export interface Outcome {
  readonly seed: number;
  /** Every broken promise; empty when all is well. */
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  /** Of the trace: equal seeds give equal hashes. */
  readonly hash: string;
  readonly counts: Counts;
}

/** Limits of a schedule; beyond them something goes round in circles. */
const mostStormSteps = 600;
const mostSteps = 6_000;

/** Instead of a storm of everything: these faults, on long orders. */
export interface Focus {
  readonly faults: (script: Script, random: Random) => readonly FaultRule[];
  readonly isLong: boolean;
  /** Whether workers are killed and paused, and transactions lost, as well. */
  readonly isStormy: boolean;
}

/** Runs one seed: a storm of faults, then a calm in which all must come to rest; then every promise is checked. */
export async function runSchedule(stage: Stage, seed: number, focus?: Focus): Promise<Outcome> {
  const schedule = new Schedule(stage, seed, focus);
  try {
    await schedule.run();
  } finally {
    await schedule.close();
  }
  return schedule.outcome();
}

class Schedule {
  readonly #stage: Stage;
  readonly #seed: number;
  readonly #focus: Focus | undefined;
  readonly #random: Random;
  readonly #clock: SimClock;
  readonly #script: Script;
  readonly #operators: Operators;
  readonly #trace: string[] = [];
  readonly #violations: string[] = [];
  readonly #workers: SimWorker[] = [];
  readonly #retired: SimWorker[] = [];
  /** Of workers that were ended while they were paused: they go on as if nothing had happened. */
  readonly #zombies: Strand[] = [];
  readonly #counts = noCounts();
  readonly #chaosRate: number;
  readonly #failureRate: number;
  readonly #killRate: number;
  readonly #idleness: number;
  #isStorm = true;
  #sandbox!: Sandbox;
  #acts!: PlatformActs;
  #registered = 0;

  constructor(stage: Stage, seed: number, focus: Focus | undefined) {
    this.#focus = focus;
    this.#stage = stage;
    this.#seed = seed;
    this.#random = seededRandom(seed);
    this.#clock = new SimClock(stage.database.pool);
    this.#script = focus?.isLong ? longScript(this.#random) : drawScript(this.#random);
    this.#operators = new Operators(stage.database.pool, fetchedJobs(this.#clock), this.#random);
    const isStormy = focus?.isStormy ?? true;
    this.#chaosRate = focus === undefined ? pick(this.#random, [0, 0.1, 0.25, 0.5]) : 0;
    this.#failureRate = isStormy ? pick(this.#random, [0, 0.02, 0.1]) : 0;
    this.#idleness = pick(this.#random, [0, 0.3, 0.7]);
    this.#killRate = isStormy ? pick(this.#random, [0, 0.02, 0.08]) : 0;
  }

  async run(): Promise<void> {
    const { database, intake, vault } = this.#stage;
    await database.empty();
    await this.#clock.reset();
    const kinds = this.#random() < 0.2 ? rareKinds : usualKinds;
    this.#sandbox = await startSandbox({
      port: 0,
      maker: intake.url,
      appKey: simEnvironment.appKey,
      appSecret: simSecret,
      clock: () => new Date(this.#clock.now()),
      seed: `sim ${this.#seed}`,
      chaos: { seed: String(this.#seed), rate: this.#chaosRate, kinds },
      faults: this.#focus?.faults(this.#script, this.#random) ?? [],
    });
    const services = gatewayServices(database.pool, vault);
    intake.serve(services, this.#clock.now, () => this.#intakeFate());
    this.#acts = new PlatformActs(this.#sandbox, this.#script, services, this.#random);
    for (const _ of [1, 2]) await this.#registerWorker();
    while (this.#isStorm && this.#counts.steps < mostStormSteps && (await this.#step()));
    await this.#calm();
    while (this.#counts.steps < mostSteps && (await this.#step()));
    if (this.#counts.steps >= mostSteps) this.#violations.push('it never comes to rest');
    await this.#judge();
  }

  async close(): Promise<void> {
    for (const worker of [...this.#workers, ...this.#retired]) worker.close();
    await this.#sandbox?.close();
  }

  outcome(): Outcome {
    const hash = createHash('sha256').update(this.#trace.join('\n')).digest('hex').slice(0, 16);
    return { seed: this.#seed, violations: this.#violations, trace: this.#trace, hash, counts: this.#counts };
  }

  #note(line: string): void {
    this.#trace.push(`${new Date(this.#clock.now()).toISOString()} ${line}`);
    if (line.endsWith('fenced')) this.#counts.fenced++;
  }

  /** Nothing goes wrong any more. */
  async #calm(): Promise<void> {
    this.#isStorm = false;
    await this.#sandbox.faults.setChaos(undefined);
    await this.#sandbox.faults.clear();
    this.#note('calm');
    const { pool } = this.#stage.database;
    const healed = await addMissingJobs((work) => inTransaction(pool, work), fetchedJobs(this.#clock));
    for (const { cardOrderId } of healed) this.#violations.push(`order ${cardOrderId} had lost its job`);
  }

  async #registerWorker(): Promise<void> {
    const parts: WorkerParts = {
      pool: this.#stage.database.pool,
      clock: this.#clock,
      random: this.#random,
      vault: this.#stage.vault,
      gatewayUrl: `${this.#sandbox.url}/router/rest`,
      fate: () => this.#transactionFate(),
      trace: (line) => this.#note(line),
    };
    this.#workers.push(await SimWorker.register(parts, `w${++this.#registered}`));
  }

  #transactionFate(): TransactionFate | undefined {
    if (!this.#isStorm || this.#random() >= this.#failureRate) return undefined;
    this.#counts.lostTransactions++;
    return pick(this.#random, ['refused', 'rolled-back', 'unknown', 'dies']);
  }

  #intakeFate(): IntakeFate | undefined {
    if (!this.#isStorm || this.#random() >= this.#failureRate) return undefined;
    this.#counts.lostAnswers++;
    return pick(this.#random, ['before', 'after']);
  }

  /** One thing happens, as the seed decides. False where nothing is left to happen. */
  async #step(): Promise<boolean> {
    this.#counts.steps++;
    await this.#buryTheDead();
    if (this.#isStorm && (await this.#somethingUnasked())) return true;
    const busy = this.#workers.filter(({ strand }) => strand !== undefined);
    const idle = this.#workers.filter(({ strand }) => strand === undefined);
    if (this.#zombies.length > 0 && (busy.length === 0 || this.#random() < 0.3)) {
      await this.#stepStrand(pick(this.#random, this.#zombies));
      return true;
    }
    if (busy.length > 0 && (idle.length === 0 || this.#random() < 0.7)) {
      await this.#stepStrand(pick(this.#random, busy).strand as Strand);
      return true;
    }
    const due = idle.length === 0 ? [] : await this.#dueJobs();
    if (due.length > 0) {
      const job = pick(this.#random, due);
      const worker = pick(this.#random, idle);
      if (await worker.take(job)) this.#note(`${worker.name} takes ${job.task} ${this.#nameOf(job)}`);
      return true;
    }
    if (busy.length > 0) {
      await this.#stepStrand(pick(this.#random, busy).strand as Strand);
      return true;
    }
    // People take hours: meanwhile the cards are looked at again.
    if (this.#isStorm && this.#random() < this.#idleness && (await this.#timePasses())) return true;
    return (await this.#somebodyActs()) || (await this.#timePasses());
  }

  async #stepStrand(strand: Strand): Promise<void> {
    await strand.step();
    if (!strand.isOver) return;
    const zombie = this.#zombies.indexOf(strand);
    if (zombie >= 0) this.#zombies.splice(zombie, 1);
    for (const worker of this.#workers)
      if (worker.strand === strand && !strand.isDead) worker.strand = undefined;
  }

  /** Kills, pauses, and what people and platform do at any moment. */
  async #somethingUnasked(): Promise<boolean> {
    const roll = this.#random();
    const busy = this.#workers.filter(({ strand }) => strand !== undefined);
    if (busy.length > 0 && roll < this.#killRate) {
      const worker = pick(this.#random, busy);
      const paused = this.#random() < 0.4;
      this.#note(`${worker.name} ${paused ? 'is paused' : 'is killed'} at ${worker.strand?.at}`);
      this.#counts[paused ? 'pauses' : 'kills']++;
      if (paused && worker.strand !== undefined) this.#zombies.push(worker.strand);
      await this.#replace(worker, paused ? 'silent' : 'lock-free');
      return true;
    }
    if (roll > 0.985) {
      const orders = await seeOrders(this.#stage.database.pool);
      if (orders.length === 0) return false;
      const order = pick(this.#random, orders);
      this.#note(`operator, ${this.#nameOfOrder(order.id)}: ${await this.#operators.actAtRandom(order)}`);
      return true;
    }
    if (roll > 0.92 && roll <= 0.95) return this.#somebodyHurries();
    if (roll > 0.95 && roll <= 0.965 && this.#script.orders.length > 0) return this.#addStrayJob();
    if (roll > 0.965) {
      this.#note(`platform: ${await this.#acts.atRandom((wrong) => this.#violations.push(wrong))}`);
      return true;
    }
    return false;
  }

  /** A person does what an order waits for while others still work on it. */
  async #somebodyHurries(): Promise<boolean> {
    const orders = await seeOrders(this.#stage.database.pool);
    if (orders.length === 0) return false;
    const order = pick(this.#random, orders);
    const acted = await this.#operators.actOn(order);
    if (acted !== undefined) this.#note(`operator in a hurry, ${this.#nameOfOrder(order.id)}: ${acted}`);
    return acted !== undefined;
  }

  /** A job that is not due, or due already: work is done at least once, and it must not matter. */
  async #addStrayJob(): Promise<boolean> {
    const orders = await seeOrders(this.#stage.database.pool);
    if (orders.length === 0) return false;
    const { id } = pick(this.#random, orders);
    const task = pick(this.#random, orderTasks);
    const payload = { environment: 'daily', cardOrderId: String(id) };
    await addJob(this.#stage.database.pool, { task, payload, key: `stray:${task}:${id}` });
    this.#note(`a stray ${task} for ${this.#nameOfOrder(id)}`);
    return true;
  }

  /** Workers whose process died in the middle of a transaction. */
  async #buryTheDead(): Promise<void> {
    for (const worker of this.#workers.filter(({ strand }) => strand?.isDead === true)) {
      this.#note(`${worker.name} died`);
      this.#counts.kills++;
      await this.#replace(worker, 'lock-free');
    }
  }

  /** Another process ends it and frees its jobs; a new one takes its place. */
  async #replace(worker: SimWorker, reason: 'lock-free' | 'silent'): Promise<void> {
    this.#workers.splice(this.#workers.indexOf(worker), 1);
    this.#retired.push(worker);
    const { pool } = this.#stage.database;
    await endWorker(pool, worker.id, reason);
    await addJob(pool, { task: 'sweep', payload: {}, key: 'schedule:sweep' });
    await this.#registerWorker();
  }

  async #dueJobs(): Promise<readonly DueJob[]> {
    const { rows } = await this.#stage.database.pool.query<{
      id: bigint;
      task: string;
      payload: unknown;
      key: string | null;
      pauses: number | null;
    }>({
      name: 'sim-due',
      text: `select j.id, t.identifier as task, j.payload, j.key, (j.flags->>'pauses')::int as pauses
        from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
        where j.is_available and j.run_at <= sim.now() order by j.priority, j.run_at, t.identifier, j.key, j.id limit 8`,
    });
    return rows.map(({ id, task, payload, key, pauses }) => ({
      id: String(id),
      task,
      payload,
      key,
      attempts: 0,
      pauses: pauses ?? 0,
    }));
  }

  /** Somebody for whom something waits. */
  async #somebodyActs(): Promise<boolean> {
    const told = await this.#acts.next(this.#isStorm);
    if (told !== undefined) {
      this.#note(`platform: ${told}`);
      return true;
    }
    const orders = await seeOrders(this.#stage.database.pool);
    for (const order of startingAnywhere(orders, this.#random)) {
      const acted = await this.#operators.actOn(order);
      if (acted === undefined) continue;
      this.#note(`operator, ${this.#nameOfOrder(order.id)}: ${acted}`);
      return true;
    }
    return false;
  }

  /** On to the next job, unless all orders are at their end. */
  async #timePasses(): Promise<boolean> {
    const { pool } = this.#stage.database;
    const { rows } = await pool.query<{ at_ms: number | null }>(
      `select ceil(extract(epoch from min(run_at)) * 1000)::float8 as at_ms from graphile_worker._private_jobs where is_available`,
    );
    const atMs = rows[0]?.at_ms ?? undefined;
    if (atMs === undefined) return false;
    this.#note('time passes');
    await this.#clock.moveTo(Math.max(atMs, this.#clock.now()));
    return true;
  }

  async #judge(): Promise<void> {
    const { database, vault } = this.#stage;
    const orders = await seeOrders(database.pool);
    for (const [id, kinds] of liesByOrder(this.#sandbox))
      this.#note(`${this.#nameOfOrder(id)} was lied about: ${kinds.join(', ')}`);
    for (const order of orders) {
      this.#note(
        `${this.#nameOfOrder(order.id)} is ${order.state}, ${order.finish_reported}, ${order.sended_reported}`,
      );
      const stuck = stuckAt(order);
      if (stuck !== undefined) this.#violations.push(`order ${order.id}: ${stuck}`);
      if (order.state === 'cancelled') this.#counts.cancelled++;
      else if (order.sended_reported) this.#counts.shipped++;
    }
    this.#counts.orders = orders.length;
    for (const [kind, times] of this.#sandbox.faults.struck()) {
      this.#counts.struck += times;
      if (!faultKinds[kind].harmless) this.#counts.lies += times;
    }
    const { rows } = await database.pool.query<{ held: number; doubled: number }>(
      `select count(*) filter (where detail->>'to' = 'held')::int as held,
         (select count(*)::int from platform_call where outcome = 'unknown' or attempt > 1) as doubled from audit_event`,
    );
    this.#counts.holds = rows[0]?.held ?? 0;
    this.#counts.saidAgain = rows[0]?.doubled ?? 0;
    this.#violations.push(...this.#acts.unheard());
    const platform = platformSideOf(this.#sandbox, this.#acts.acknowledged);
    this.#violations.push(...(await checkInvariants({ pool: database.pool, vault, platform })));
  }

  #nameOf(job: DueJob): string {
    const id = (job.payload as { cardOrderId?: string } | null)?.cardOrderId;
    return id === undefined ? '' : this.#nameOfOrder(BigInt(id));
  }

  /** Orders are counted as the script has them. */
  #nameOfOrder(id: bigint): string {
    return `order ${this.#script.orders.findIndex(({ cardOrderId }) => cardOrderId === id) + 1}`;
  }
}

/** In the calm everything is resolved, so that every order ends. */
function stuckAt(order: SeenOrder): string | undefined {
  const isOver = order.state === 'closed' || order.state === 'test_done' || order.state === 'cancelled';
  if (!isOver) return `came to rest as ${order.state} ${order.hold_reason ?? ''}`;
  return order.state === 'cancelled' || order.sended_reported
    ? undefined
    : `${order.state}, but not reported`;
}

function startingAnywhere<T>(items: readonly T[], random: Random): readonly T[] {
  const at = Math.floor(random() * items.length);
  return [...items.slice(at), ...items.slice(0, at)];
}
