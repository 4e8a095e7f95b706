import { fork } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { workerMemoryOptions } from '../packages/server/src/cli/worker-process.ts';
import { loadConfig } from '../packages/server/src/config.ts';
import { createPool } from '../packages/server/src/db/pool.ts';
import { inTransaction } from '../packages/server/src/db/transaction.ts';
import { fetchCards } from '../packages/server/src/personalisation/fetch.ts';
import { storeTurns } from '../packages/server/src/personalisation/store-turns.ts';
import { createGate } from '../packages/server/src/platform/gate.ts';
import { createPlatform, type Platform } from '../packages/server/src/platform/platform.ts';
import { createCardVault } from '../packages/server/src/vault/card-vault.ts';
import { keyProvider } from '../packages/server/src/vault/key-provider.ts';
import { openVault } from '../packages/server/src/vault/vault.ts';
import { secrets } from '../packages/server/test/gateway/house.ts';
import { fetchRowByRow } from './fetch-row-by-row.ts';

/** What a process of its own does: play the platform, or fetch one order from it, ours or row by row. */
export type FetchTask =
  | {
      readonly kind: 'platform';
      readonly orders: readonly { readonly id: string; readonly cards: number }[];
      /** Runs below the others: what has machines of its own in life shall not take the product's cores here. */
      readonly givesWay?: true;
    }
  | {
      readonly kind: 'ours' | 'row by row';
      readonly cardOrderId: string;
      readonly gateway: string;
      readonly connectionString: string;
    };

export interface FetchDone {
  readonly seconds: number;
  /** Of the process, at its highest. */
  readonly rssMiB: number;
  readonly cpuSeconds: number;
}

const appKey = '12345678';
const appSecret = secrets.online;
export const templateNo = '3010030E02';

/** Does a task in a new process; answers its result, and how to end it. */
export async function startFetchProcess<T>(
  task: FetchTask,
): Promise<{ result: T; close: () => Promise<void> }> {
  const child = fork(import.meta.filename, { execArgv: [...process.execArgv, ...workerMemoryOptions] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const result = await new Promise<T>((resolve, reject) => {
    child.once('message', (message: T) => resolve(message));
    child.once('exit', (code) => reject(new Error(`the process (${task.kind}) ended with ${code}`)));
    child.send(task);
  });
  return {
    result,
    close: () => {
      if (child.connected) child.disconnect();
      return ended;
    },
  };
}

async function playPlatform(orders: readonly { id: string; cards: number }[]): Promise<number> {
  // Loaded here only: the memory of the process that fetches is measured.
  const { startSandbox } = await import('@cardwright/sandbox');
  // Nobody listens at the maker's address: the orders are known all the same.
  const sandbox = await startSandbox({
    port: 0,
    maker: 'http://127.0.0.1:1/spi',
    appKey,
    appSecret,
    makerTimeoutMs: 500,
  });
  await sandbox.newTemplate({ templateNo, cardName: '猫超卡', parValueFen: 100n, isTest: false });
  for (const { id, cards } of orders) {
    await sandbox.placeOrder({ cardOrderId: BigInt(id), lines: [{ templateNo, count: BigInt(cards) }] });
  }
  return sandbox.port;
}

async function fetchOnce(task: Exclude<FetchTask, { kind: 'platform' }>): Promise<FetchDone> {
  const pool = createPool(
    { connectionString: task.connectionString },
    { applicationName: 'bench fetch', maxConnections: 6, statementTimeoutMs: 0 },
  );
  const vault = await openVault(
    keyProvider({ kind: 'environment', base64: Buffer.alloc(32, 1).toString('base64'), setting: 'bench' }),
  );
  const platform = benchPlatform(task.gateway, pool);
  const key = { environment: 'daily', cardOrderId: BigInt(task.cardOrderId) } as const;
  let rss = 0;
  const watch = setInterval(() => {
    rss = Math.max(rss, process.memoryUsage.rss());
  }, 50);
  const cpuBefore = process.cpuUsage();
  const startedAtMs = performance.now();
  if (task.kind === 'ours') {
    const parts = {
      vault: createCardVault(vault),
      platformOf: () => platform,
      pause: async () => {},
      takeTurn: storeTurns({ pause: (ms) => sleep(ms), nowMs: () => performance.now() }),
      random: Math.random,
      nextJobs: () => [],
    };
    const signal = new AbortController().signal;
    await fetchCards(parts, { transaction: (work) => inTransaction(pool, work), attempt: 1, signal }, key);
  } else {
    await fetchRowByRow(pool, platform, key);
  }
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const cpu = process.cpuUsage(cpuBefore);
  clearInterval(watch);
  platform.close();
  await pool.end();
  return { seconds, rssMiB: rss / 2 ** 20, cpuSeconds: (cpu.user + cpu.system) / 1e6 };
}

function benchPlatform(gateway: string, pool: ReturnType<typeof createPool>): Platform {
  const env = {
    CARDWRIGHT_DAILY_APP_KEY: appKey,
    CARDWRIGHT_DAILY_APP_SECRETS: appSecret,
    CARDWRIGHT_DAILY_GATEWAY: gateway,
  };
  const environment = loadConfig({ env }).environments[0];
  if (environment === undefined) throw new Error('no environment');
  return createPlatform(environment, createGate(pool, 'daily'));
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  process.once('message', (task: FetchTask) => {
    if ('givesWay' in task) setPriority(constants.priority.PRIORITY_LOW);
    const work = task.kind === 'platform' ? playPlatform(task.orders) : fetchOnce(task);
    work.then(
      (result) => process.send?.(result),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  });
  process.once('disconnect', () => process.exit());
}
