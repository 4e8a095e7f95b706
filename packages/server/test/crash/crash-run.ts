import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readSpiAnswer, type SpiRequest } from '@cardwright/top';
import pg from 'pg';
import { findRunningServer } from '../../src/db/embedded/running.ts';
import { composeCall, sampleOrder, secrets } from '../gateway/house.ts';

const main = join(import.meta.dirname, '../../src/main.ts');
const make = 'alibaba.fundplatform.cardorder.make';

/** What is killed, without warning, while orders come in. */
export type Victim = 'product' | 'postgres' | 'both';

export interface CrashReport {
  readonly acknowledged: number;
  readonly unanswered: number;
  /** How long it took from the kill to the next acknowledged order, in milliseconds. */
  readonly recoveriesMs: readonly number[];
}

/**
 * Runs the real product under load, kills as told, starts it again where it died, and holds the database against
 * what was acknowledged. Throws at the first order that was acknowledged and is missing, doubled or different.
 */
export async function crashRun(victims: readonly Victim[], random: () => number): Promise<CrashReport> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cardwright-crash-'));
  const port = await freePort();
  const load = new Load(port);
  const recoveriesMs: number[] = [];
  let product = startProduct(dataDir, port);
  try {
    await load.nextAcknowledged();
    for (const victim of victims) {
      await delay(100 + random() * 400);
      const killedAt = performance.now();
      if (victim !== 'product') process.kill(postmasterPid(dataDir), 'SIGKILL');
      if (victim !== 'postgres') {
        const ended = new Promise((resolve) => product.once('exit', resolve));
        product.kill('SIGKILL');
        await ended;
        product = startProduct(dataDir, port);
      }
      await load.nextAcknowledged(killedAt);
      recoveriesMs.push(Math.round(performance.now() - killedAt));
      assert.equal(product.exitCode, null, 'the product never exits because PostgreSQL did');
    }
    await load.stop();
    await compare(dataDir, load);
    return { acknowledged: load.acknowledged.size, unanswered: load.unanswered, recoveriesMs };
  } finally {
    await load.stop();
    const ended = new Promise((resolve) => product.once('exit', resolve));
    if (product.exitCode === null && product.signalCode === null) {
      product.kill('SIGTERM');
      await ended;
    }
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function startProduct(dataDir: string, port: number): ChildProcess {
  return spawn(process.execPath, [main, 'serve', '--data', dataDir, '--port', String(port)], {
    stdio: 'ignore',
    env: {
      ...process.env,
      CARDWRIGHT_DAILY_APP_KEY: '12345678',
      CARDWRIGHT_DAILY_APP_SECRETS: secrets.daily,
      CARDWRIGHT_LOG_LEVEL: 'silent',
    },
  });
}

function postmasterPid(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres/cluster/postmaster.pid'), 'utf8').split('\n')[0]);
}

/** Eight callers that never pause: mostly new orders, sometimes one that was sent before. */
class Load {
  readonly acknowledged = new Map<bigint, { makingCardNo: string; at: number }>();
  unanswered = 0;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });
  readonly #port: number;
  readonly #callers: Promise<void>[];
  #nextId = 1n;
  #stopped = false;
  #latestAt = 0;

  constructor(port: number) {
    this.#port = port;
    this.#callers = Array.from({ length: 8 }, () => this.#call());
  }

  /** Waits for an order that was sent after `sinceMs` and acknowledged. */
  async nextAcknowledged(sinceMs = 0): Promise<void> {
    for (let waited = 0; this.#latestAt <= sinceMs; waited += 5) {
      if (waited > 30_000) throw new Error('no order was acknowledged for too long');
      await delay(5);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#callers);
    this.#agent.destroy();
  }

  async #call(): Promise<void> {
    while (!this.#stopped) {
      const id = this.#nextId % 7n === 0n ? this.#nextId / 2n : this.#nextId;
      this.#nextId++;
      const sentAt = performance.now();
      const number = await send(this.#port, this.#agent, composeCall(make, orderWith(id)));
      if (number === undefined) {
        this.unanswered++;
        await delay(10);
        continue;
      }
      const known = this.acknowledged.get(id);
      assert.ok(known === undefined || known.makingCardNo === number, `two answers for order ${id}`);
      this.acknowledged.set(id, { makingCardNo: number, at: sentAt });
      this.#latestAt = Math.max(this.#latestAt, sentAt);
    }
  }
}

/** The content follows from the id, so that what is stored can be proven. */
function orderWith(id: bigint) {
  return sampleOrder({
    card_order_id: id,
    card_product_infos: [
      { template_no: `T${id % 5n}`, count: id + 1n, par_value: 100n, card_name: `卡${id}` },
    ],
  });
}

/** The number of an acknowledged order, or undefined where there was no success. */
function send(port: number, agent: Agent, message: SpiRequest): Promise<string | undefined> {
  return new Promise((resolve) => {
    const headers = { ...(message.headers as Record<string, string>), 'content-length': message.body.length };
    const outgoing = request(
      { host: '127.0.0.1', port, agent, method: message.method, path: message.url, headers, timeout: 20_000 },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', () => resolve(undefined));
        incoming.on('end', () => {
          const answer = readSpiAnswer(make, Buffer.concat(chunks));
          const response = answer.ok ? answer.value.response : undefined;
          if (response?.result_code === 'order-conflict') throw new Error('a repeat was called a conflict');
          resolve(response?.success === true ? response.making_card_no : undefined);
        });
      },
    );
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve(undefined));
    outgoing.end(message.body);
  });
}

async function compare(dataDir: string, load: Load): Promise<void> {
  const client = new pg.Client({ connectionString: findRunningServer(join(dataDir, 'postgres')) });
  await client.connect();
  try {
    const { rows } = await client.query<{
      id: string;
      number: string;
      lines: { cardName: string; count: string }[];
    }>('select card_order_id::text as id, making_card_no as number, lines from card_order');
    const stored = new Map(rows.map((row) => [BigInt(row.id), row]));
    assert.equal(stored.size, rows.length, 'no order twice');
    for (const [id, { makingCardNo }] of load.acknowledged) {
      const row = stored.get(id);
      assert.ok(row !== undefined, `order ${id} was acknowledged and is missing`);
      assert.equal(row.number, makingCardNo);
      assert.deepEqual([row.lines[0]?.cardName, row.lines[0]?.count], [`卡${id}`, String(id + 1n)]);
    }
    const events = await client.query<{ orders: string; accepted: string }>(
      "select (select count(*) from card_order) as orders, (select count(*) from audit_event where action = 'order.accepted') as accepted",
    );
    assert.equal(events.rows[0]?.accepted, events.rows[0]?.orders, 'one act for each order');
    await everyOrderIsPlanned(client);
  } finally {
    await client.end();
  }
}

/** The job was added in the order's transaction, so no order can be left lying. */
async function everyOrderIsPlanned(client: pg.Client): Promise<void> {
  const sql = `select count(*)::int as n from card_order c where state = 'received' and not exists (
    select 1 from graphile_worker.jobs j where j.key = c.environment || ':' || c.card_order_id)`;
  const { rows } = await client.query<{ n: number }>(sql);
  assert.equal(rows[0]?.n, 0, 'orders that nobody will plan');
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Mulberry32: small, and a seed replays it. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
