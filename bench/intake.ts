import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { startEmbeddedPostgres } from '../packages/server/src/db/embedded/start.ts';
import { type GatewayKind, startGatewayProcess } from './gateway-process.ts';
import { gatewaySettings } from './orders.ts';
import { createPeer } from './pgbench.ts';
import { median, type Row } from './table.ts';

interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}
interface Round {
  readonly peer: number;
  readonly alone: LoadResult;
  readonly plainAlone: LoadResult;
  readonly at64: LoadResult;
  readonly at256: LoadResult;
}

/** The gateway and pgbench by turns on one embedded server; both commit each order to disk. */
export async function benchIntake(runs: number, seconds: number): Promise<Row[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cardwright-bench-'));
  const server = await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres') });
  const start = (kind: GatewayKind) =>
    startGatewayProcess(
      {
        kind,
        connectionString: server.connectionString,
        settings: { ...gatewaySettings, CARDWRIGHT_DATA_DIR: dataDir },
      },
      [],
    );
  const gateway = await start('gateway');
  const plain = await start('plain');
  try {
    const peer = createPeer(server.connection, dataDir);
    await load(gateway.port, 64, 2);
    const rounds: Round[] = [];
    for (let run = 0; run < runs; run++) {
      const best = [];
      for (const clients of [4, 8, 16]) best.push(await peer.ordersPerSecond(clients, seconds));
      rounds.push({
        peer: Math.max(...best),
        alone: await load(gateway.port, 1, seconds),
        plainAlone: await load(plain.port, 1, seconds),
        at64: await load(gateway.port, 64, seconds),
        at256: await load(gateway.port, 256, seconds),
      });
    }
    return rowsOf(rounds, peer.name);
  } finally {
    await gateway.close();
    await plain.close();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function rowsOf(rounds: readonly Round[], peerName: string): Row[] {
  const middle = (pick: (round: Round) => number): number => median(rounds.map(pick));
  const told = (pick: (round: Round) => LoadResult): string =>
    `${middle((round) => pick(round).perSecond).toFixed(0)}/s, p50 ${middle((round) => pick(round).p50Ms).toFixed(1)} ms, p99 ${middle((round) => pick(round).p99Ms).toFixed(1)} ms`;
  const against = (connections: number, pick: (round: Round) => LoadResult, goal: string): Row => ({
    stage: `intake of 3-line orders, ${connections} connections`,
    ours: told(pick),
    peer: `${peerName}, an order a commit, best of 4, 8, 16 clients: ${middle((round) => round.peer).toFixed(0)}/s`,
    ratio: `${middle((round) => pick(round).perSecond / round.peer).toFixed(2)} ×`,
    goal,
  });
  return [
    {
      stage: 'one caller alone',
      ours: told(({ alone }) => alone),
      peer: `an order a commit, no coalescing: ${told(({ plainAlone }) => plainAlone)}`,
      ratio: `${middle(({ alone, plainAlone }) => alone.p50Ms / plainAlone.p50Ms).toFixed(2)} × its p50`,
      goal: 'never delayed by waiting for company',
    },
    against(64, ({ at64 }) => at64, '≥ 1.2 ×, p99 ≤ 100 ms'),
    against(256, ({ at256 }) => at256, '≥ 2 ×'),
  ];
}

function load(port: number, connections: number, seconds: number): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./load.ts', import.meta.url), {
      workerData: { port, connections, seconds },
    });
    worker.once('message', (result: LoadResult) => resolve(result));
    worker.once('error', reject);
  });
}
