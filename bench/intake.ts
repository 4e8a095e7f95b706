import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { startEmbeddedPostgres } from '../packages/server/src/db/embedded/start.ts';
import { createPool } from '../packages/server/src/db/pool.ts';
import { prepareDatabase } from '../packages/server/src/house.ts';
import { type GatewayKind, startGatewayProcess } from './gateway-process.ts';
import { type LoadGenerator, type LoadResult, startLoadGenerator } from './load.ts';
import { environment, gatewaySettings, templateNo } from './orders.ts';
import { createPeer, type Peer } from './pgbench.ts';
import { formatNumber, formatRatio, median, type Row } from './table.ts';

export interface IntakeOptions {
  readonly runs: number;
  readonly seconds: number;
  /** Options of Node for the gateways' processes, for a profile. */
  readonly gatewayExecArgv: readonly string[];
  readonly progress: (text: string) => void;
}

const warmupSeconds = 1.5;
/** From one on: where a statement notifies, commits stand in line, and more clients may bring less. */
const peerClients = [1, 2, 4, 8, 16] as const;
const loads: readonly (readonly [GatewayKind, readonly number[]])[] = [
  ['whole', [1, 64, 256]],
  ['gateway', [1, 64, 256]],
  ['plain', [1]],
];
/** More than any load has used yet; a request is some 2 kB. */
const mostOrdersPerSecond = 9_000;

interface Bench {
  readonly options: IntakeOptions;
  readonly pool: Pool;
  readonly peer: Peer;
  readonly generator: LoadGenerator;
  readonly connectionString: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly peerRates: Map<number, number[]>;
  readonly results: Map<string, LoadResult[]>;
}

/** Orders of 3 lines into the real gateway, beside the same SQL function called by pgbench on the same server. */
export async function measureIntake(options: IntakeOptions): Promise<Row[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cardwright-bench-'));
  const server = await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres') });
  const pool = createPool(server.connection, {
    applicationName: 'bench',
    maxConnections: 2,
    statementTimeoutMs: 0,
  });
  try {
    await prepareDatabase(server.connectionString, pool);
    await storeTemplates(pool);
    options.progress('composing and signing the orders');
    const generator = await startLoadGenerator(
      Math.ceil((options.seconds + warmupSeconds) * mostOrdersPerSecond),
    );
    const bench: Bench = {
      options,
      pool,
      peer: createPeer(server.connection, dataDir),
      generator,
      connectionString: server.connectionString,
      settings: { ...gatewaySettings, CARDWRIGHT_DATA_DIR: dataDir },
      peerRates: new Map(),
      results: new Map(),
    };
    for (let run = 1; run <= options.runs; run++) await measureOnce(bench, run);
    await generator.close();
    return rowsOf(bench);
  } finally {
    await pool.end();
    await server.stop('immediate');
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Peer first in one run, last in the next: what the machine does meanwhile meets both. */
async function measureOnce(bench: Bench, run: number): Promise<void> {
  if (run % 2 === 1) await measurePeer(bench, run);
  for (const [kind, connections] of run % 2 === 1 ? loads : loads.toReversed())
    await measureGateway(bench, run, kind, connections);
  if (run % 2 === 0) await measurePeer(bench, run);
}

async function measurePeer(bench: Bench, run: number): Promise<void> {
  for (const clients of peerClients) {
    await emptyDatabase(bench.pool);
    const rate = await bench.peer.ordersPerSecond(clients, bench.options.seconds);
    add(bench.peerRates, clients, rate);
    bench.options.progress(
      `run ${run}: ${bench.peer.name}, ${clients} clients: ${formatNumber(rate)} orders/s`,
    );
  }
}

async function measureGateway(
  bench: Bench,
  run: number,
  kind: GatewayKind,
  connectionCounts: readonly number[],
): Promise<void> {
  const { options, connectionString, settings } = bench;
  for (const connections of connectionCounts) {
    await emptyDatabase(bench.pool);
    const gateway = await startGatewayProcess({ kind, connectionString, settings }, options.gatewayExecArgv);
    const result = await bench.generator.run({
      port: gateway.port,
      connections,
      warmupSeconds,
      seconds: options.seconds,
    });
    await gateway.close();
    add(bench.results, keyOf(kind, connections), result);
    options.progress(
      `run ${run}: ${kind}, ${connections} connections: ${formatNumber(result.ordersPerSecond)} orders/s, ` +
        `p50 ${formatNumber(result.p50Ms)} ms, p99 ${formatNumber(result.p99Ms)} ms`,
    );
    if (result.failures > 0) throw new Error(`${result.failures} orders were not accepted (${kind})`);
  }
}

/** Every load finds the same: no orders, no jobs, no checkpoint due. */
async function emptyDatabase(pool: Pool): Promise<void> {
  // The audit log refuses this; a bench is no product.
  await pool.query(`alter table audit_event disable trigger user;
    truncate card_order, audit_event, graphile_worker._private_jobs cascade;
    alter table audit_event enable always trigger audit_event_only_grows`);
  await pool.query('checkpoint');
}

async function storeTemplates(pool: Pool): Promise<void> {
  for (const index of [0, 1, 2]) {
    await pool.query(
      "insert into template (environment, template_no, card_name, par_value_fen, is_test) values ($1, $2, '猫超卡', 100, false)",
      [environment, templateNo(index)],
    );
  }
}

function rowsOf({ options, peer, peerRates, results }: Bench): Row[] {
  const bestOfRun = Array.from({ length: options.runs }, (_, run) =>
    Math.max(...[...peerRates.values()].map((rates) => rates[run] ?? 0)),
  );
  const best = { low: Math.min(...bestOfRun), middle: median(bestOfRun), high: Math.max(...bestOfRun) };
  const of = (kind: GatewayKind, connections: number, pick: (result: LoadResult) => number): number =>
    median((results.get(keyOf(kind, connections)) ?? []).map(pick));
  const rateRow = (kind: GatewayKind, connections: number, stage: string, goal?: number): Row => {
    const rate = of(kind, connections, (result) => result.ordersPerSecond);
    // Within each run: what else the machine does from minute to minute must not choose the winner.
    const ratio = median(
      (results.get(keyOf(kind, connections)) ?? []).map(
        (result, run) => result.ordersPerSecond / (bestOfRun[run] ?? Number.NaN),
      ),
    );
    const p50 = of(kind, connections, (result) => result.p50Ms);
    const p99 = of(kind, connections, (result) => result.p99Ms);
    return {
      stage: `intake, ${stage}, ${connections} connection${connections === 1 ? '' : 's'}`,
      ours: `${formatNumber(rate)} orders/s, p50 ${formatNumber(p50)} ms, p99 ${formatNumber(p99)} ms`,
      peer: `${peer.name} at its best ${formatNumber(best.middle)} orders/s (runs ${formatNumber(best.low)}–${formatNumber(best.high)})`,
      ratio: formatRatio(ratio),
      ...(goal === undefined ? { goal: '' } : { goal: `≥ ${goal} ×`, met: ratio >= goal }),
    };
  };
  const p99At64 = of('whole', 64, (result) => result.p99Ms);
  const loneMs = of('gateway', 1, (result) => result.p50Ms);
  const plainMs = of('plain', 1, (result) => result.p50Ms);
  return [
    rateRow('gateway', 1, 'gateway alone'),
    rateRow('gateway', 64, 'gateway alone', 1.2),
    rateRow('gateway', 256, 'gateway alone', 2),
    rateRow('whole', 1, 'planning included'),
    rateRow('whole', 64, 'planning included'),
    rateRow('whole', 256, 'planning included'),
    {
      stage: 'intake p99, planning included, 64 connections',
      ours: `${formatNumber(p99At64)} ms`,
      peer: '',
      ratio: '',
      goal: '≤ 100 ms',
      met: p99At64 <= 100,
    },
    {
      stage: 'a lone caller, p50',
      ours: `${formatNumber(loneMs)} ms, coalescing`,
      peer: `${formatNumber(plainMs)} ms, a commit an order`,
      ratio: formatRatio(loneMs / plainMs),
      goal: '≤ 1.05 ×',
      met: loneMs / plainMs <= 1.05,
    },
  ];
}

function keyOf(kind: GatewayKind, connections: number): string {
  return `${kind} ${connections}`;
}

function add<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key) ?? [];
  list.push(value);
  map.set(key, list);
}
