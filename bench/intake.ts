import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { findRunningServer } from '../packages/server/src/db/embedded/running.ts';
import { secrets } from '../packages/server/test/gateway/house.ts';
import { median, type Row } from './table.ts';

const main = join(import.meta.dirname, '../packages/server/src/main.ts');
const port = 7461;

interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** The real product and pgbench by turns on the same embedded server; both commit each order to disk. */
export async function benchIntake(runs: number, seconds: number): Promise<Row[]> {
  const pgbench = findPgbench();
  if (pgbench === undefined) throw new Error('pgbench is missing: apt-get install postgresql-contrib');
  const dataDir = mkdtempSync(join(tmpdir(), 'cardwright-bench-'));
  const product = spawn(process.execPath, [main, 'serve', '--data', dataDir, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      CARDWRIGHT_DAILY_APP_KEY: '12345678',
      CARDWRIGHT_DAILY_APP_SECRETS: secrets.daily,
      CARDWRIGHT_LOG_LEVEL: 'error',
    },
  });
  const ended = new Promise((resolve) => product.once('exit', resolve));
  try {
    await new Promise((resolve) => product.stdout.once('data', resolve));
    const database = findRunningServer(join(dataDir, 'postgres')) ?? '';
    const peer = (clients: number): number => runPgbench(pgbench, database, dataDir, clients, seconds);
    await load(64, 2);
    const rounds: { peer: number; alone: LoadResult; at64: LoadResult; at256: LoadResult }[] = [];
    for (let run = 0; run < runs; run++) {
      rounds.push({
        peer: Math.max(peer(4), peer(8), peer(16)),
        alone: await load(1, seconds),
        at64: await load(64, seconds),
        at256: await load(256, seconds),
      });
    }
    const row = (
      connections: string,
      pick: (round: (typeof rounds)[number]) => LoadResult,
      goal: string,
    ): Row => ({
      stage: `intake of 3-line orders, ${connections}`,
      ours: `${median(rounds.map((round) => pick(round).perSecond)).toFixed(0)}/s, p50 ${median(rounds.map((round) => pick(round).p50Ms)).toFixed(1)} ms, p99 ${median(rounds.map((round) => pick(round).p99Ms)).toFixed(1)} ms`,
      peer: `pgbench, one order a commit, best of 4, 8, 16 clients: ${median(rounds.map((round) => round.peer)).toFixed(0)}/s`,
      ratio: `${median(rounds.map((round) => pick(round).perSecond / round.peer)).toFixed(2)} ×`,
      goal,
    });
    return [
      row('1 connection', ({ alone }) => alone, 'never delayed by waiting for company'),
      row('64 connections', ({ at64 }) => at64, '≥ 1.2 ×, p99 ≤ 100 ms'),
      row('256 connections', ({ at256 }) => at256, '≥ 2 ×'),
    ];
  } finally {
    product.kill('SIGTERM');
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function findPgbench(): string | undefined {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort().reverse() : [];
  return versions.map((version) => join(root, version, 'bin/pgbench')).find(existsSync);
}

/** The same function call as the product makes, one order a transaction. */
const script = `\\set id random(1000000000, 9000000000000000000)
select * from accept_card_orders(array['daily'], array[:id]::bigint[], array['B' || :id], array[decode(md5(:id::text), 'hex')],
  array['[{"templateNo":"A","count":"1","parValueFen":"100","cardName":"x"},{"templateNo":"B","count":"1","parValueFen":"100","cardName":"x"},{"templateNo":"C","count":"1","parValueFen":"100","cardName":"x"}]'],
  array[3]::bigint[], array['k'], array[decode(repeat('00', 60), 'hex')], array[decode(repeat('00', 180), 'hex')]);
`;

function runPgbench(
  pgbench: string,
  database: string,
  folder: string,
  clients: number,
  seconds: number,
): number {
  const file = join(folder, 'order.sql');
  writeFileSync(file, script);
  const url = new URL(database);
  const args = ['-n', '-f', file, '-c', String(clients), '-j', '1', '-T', String(seconds), '-M', 'prepared'];
  const env = {
    ...process.env,
    PGHOST: url.searchParams.get('host') ?? '',
    PGPORT: url.searchParams.get('port') ?? '',
    PGUSER: url.username,
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: url.pathname.slice(1),
  };
  const { stdout, stderr } = spawnSync(pgbench, args, { env, encoding: 'utf8' });
  const tps = /tps = ([\d.]+)/.exec(stdout)?.[1];
  if (tps === undefined) throw new Error(`pgbench failed: ${stderr}`);
  return Number(tps);
}

function load(connections: number, seconds: number): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./load.ts', import.meta.url), {
      workerData: { port, connections, seconds },
    });
    worker.once('message', (result: LoadResult) => resolve(result));
    worker.once('error', reject);
  });
}
