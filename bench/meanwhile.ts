import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findRunningServer } from '../packages/server/src/db/embedded/running.ts';
import { createPool } from '../packages/server/src/db/pool.ts';
import { startFetchProcess, templateNo } from './fetch-process.ts';
import { environment, gatewaySettings, randomOrderId, signedOrder } from './orders.ts';
import { formatNumber, formatRatio, median, quantile, type Row } from './table.ts';

export interface MeanwhileOptions {
  readonly runs: number;
  readonly cards: number;
  readonly progress: (text: string) => void;
}

const callsPerSecond = 50;
const idleSeconds = 10;
const port = 17_391;
const bigOrder = 500_000_000n;

/**
 * How long callers of the gateway wait while the product fetches a large order: the product as it is served (gateway and
 * worker are processes of their own), its PostgreSQL and the platform on the same machine; callers come at a steady pace.
 */
export async function measureMeanwhile({ runs, cards, progress }: MeanwhileOptions): Promise<Row[]> {
  const ratios: number[] = [];
  const idles: number[] = [];
  const busies: number[] = [];
  const rates: number[] = [];
  for (let run = 1; run <= runs; run++) {
    const { idleMs, busyMs, seconds } = await measureOnce(cards, bigOrder + BigInt(run));
    const [idle, busy] = [p99(idleMs), p99(busyMs)];
    idles.push(idle);
    busies.push(busy);
    ratios.push(busy / idle);
    rates.push(cards / seconds);
    progress(
      `run ${run}: p99 idle ${formatNumber(idle)} ms (${idleMs.length} calls), while ${formatNumber(cards)} cards were fetched in ` +
        `${formatNumber(seconds)} s: ${formatNumber(busy)} ms (${busyMs.length} calls)`,
    );
  }
  return [
    {
      stage: `gateway p99 at ${callsPerSecond} orders/s while ${formatNumber(cards)} cards are fetched (${formatNumber(median(rates))}/s)`,
      ours: `${formatNumber(median(busies))} ms`,
      peer: `idle ${formatNumber(median(idles))} ms`,
      ratio: formatRatio(median(ratios)),
      goal: '≤ 2 ×',
      met: median(ratios) <= 2,
    },
  ];
}

const p99 = (latenciesMs: readonly number[]): number =>
  quantile(
    latenciesMs.toSorted((a, b) => a - b),
    0.99,
  );

async function measureOnce(
  cards: number,
  orderId: bigint,
): Promise<{ idleMs: number[]; busyMs: number[]; seconds: number }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cardwright-bench-'));
  const platform = await startFetchProcess<number>({
    kind: 'platform',
    orders: [{ id: String(orderId), cards }],
    givesWay: true,
  });
  const product = await startProduct(dataDir, platform.result);
  const databaseUrl = findRunningServer(join(dataDir, 'postgres'));
  const pool = createPool(
    { connectionString: databaseUrl ?? '' },
    { applicationName: 'bench', maxConnections: 1 },
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  try {
    await pool.query(
      "insert into template (environment, template_no, card_name, par_value_fen, is_test) values ($1, $2, '猫超卡', 100, false)",
      [environment, templateNo],
    );
    await callFor(agent, 3, () => false);
    const idleMs = await callFor(agent, idleSeconds, () => false);
    const line = { templateNo, count: String(cards), parValueFen: '100', cardName: '猫超卡' };
    await pool.query(
      `insert into card_order (environment, card_order_id, making_card_no, content_fingerprint, lines, card_count, state, is_test)
       values ($1, $2, 'bench', '\\x00', $3, $4, 'planned', false)`,
      [environment, String(orderId), JSON.stringify([line]), cards],
    );
    await pool.query(
      "select graphile_worker.add_job('fetch-cards', json_build_object('environment', $1::text, 'cardOrderId', $2::text), job_key := 'bench')",
      [environment, String(orderId)],
    );
    const startedAtMs = performance.now();
    let isFetched = false;
    const fetched = (async () => {
      while (!isFetched) {
        await sleep(500);
        const { rows } = await pool.query('select state from card_order where card_order_id = $1', [
          String(orderId),
        ]);
        isFetched = rows[0]?.state !== 'planned';
        if (rows[0]?.state === 'held') throw new Error('the order is held');
      }
      return (performance.now() - startedAtMs) / 1_000;
    })();
    const busyMs = await callFor(agent, 600, () => isFetched);
    return { idleMs, busyMs, seconds: await fetched };
  } finally {
    agent.destroy();
    await pool.end();
    await stop(product);
    await platform.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function startProduct(dataDir: string, platformPort: number): Promise<ChildProcess> {
  const main = join(import.meta.dirname, '../packages/server/src/main.ts');
  const product = spawn(process.execPath, [main, 'serve', '--data', dataDir, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      CARDWRIGHT_LOG_LEVEL: 'error',
      ...gatewaySettings,
      CARDWRIGHT_ONLINE_GATEWAY: `http://127.0.0.1:${platformPort}/router/rest`,
    },
  });
  await new Promise<void>((resolve, reject) => {
    product.stdout.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('ready')) resolve();
    });
    product.once('exit', (code) => reject(new Error(`the product ended with ${code}`)));
  });
  return product;
}

async function stop(product: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => product.once('exit', resolve));
  product.kill('SIGTERM');
  await ended;
}

/** Places orders at a steady pace, whether or not the last one was answered; answers how long each took. */
async function callFor(agent: Agent, seconds: number, isOver: () => boolean): Promise<number[]> {
  const latenciesMs: number[] = [];
  const calls: Promise<void>[] = [];
  const startedAtMs = performance.now();
  for (let call = 0; call < seconds * callsPerSecond && !isOver(); call++) {
    const dueMs = startedAtMs + (call * 1_000) / callsPerSecond;
    await sleep(Math.max(0, dueMs - performance.now()));
    calls.push(placeOrder(agent).then((ms) => void latenciesMs.push(ms)));
  }
  await Promise.all(calls);
  return latenciesMs;
}

function placeOrder(agent: Agent): Promise<number> {
  const { method, url, headers, body } = signedOrder(3, randomOrderId());
  const startedAtMs = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        agent,
        method,
        path: url,
        headers: { ...(headers as Record<string, string>), 'Content-Length': body.length },
      },
      (incoming) => {
        let text = '';
        incoming.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        incoming.on('end', () => {
          if (text.includes('"success":true')) resolve(performance.now() - startedAtMs);
          else reject(new Error(`not accepted: ${text.slice(0, 200)}`));
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
