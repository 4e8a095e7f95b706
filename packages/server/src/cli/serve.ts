import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { House } from '../house.ts';
import type { Database } from './database.ts';
import { startSandboxProcess } from './sandbox-process.ts';
import { print } from './terminal.ts';
import { startWorkerProcess } from './worker-process.ts';

export interface ServeOptions {
  readonly config: Config;
  readonly log: Logger;
  /** The port of an attached sandbox, or undefined for none. */
  readonly sandboxPort: number | undefined;
  readonly openDatabase: () => Promise<Database>;
  readonly openHouse: (connectionString: string) => Promise<House>;
  /** For a worker process beside this one: how to start it, and its environment but for the database's address. */
  readonly workerProcess: {
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string | undefined>>;
  };
}

/** What to close, the latest first. */
type Closers = (() => Promise<unknown>)[];

/** `cardwright serve`: runs until SIGINT or SIGTERM, then finishes what it acknowledged. */
export async function serve(options: ServeOptions): Promise<number> {
  const stopSignal = untilStopped();
  const closers: Closers = [];
  try {
    // A worker waits for its database for as long as it takes; a stop ends that too.
    if (options.config.role === 'worker') await Promise.race([startWorkerRole(options, closers), stopSignal]);
    else await startGatewayRole(options, closers);
    await stopSignal;
    if (!isBeside()) print('正在停止 · stopping');
    return 0;
  } finally {
    for (const close of closers) await close();
    if (isBeside()) process.disconnect();
  }
}

/** Whether this process was started by a gateway, beside which it works. */
const isBeside = (): boolean => process.connected;

/** A little more than a worker gives its tasks. */
const orphanLimitMs = 15_000;

/** Told to stop, or left alone by the gateway that started this process. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    process.once('disconnect', () => {
      resolve();
      // The database may have gone with the gateway: whatever waits for it must not keep this process alive.
      setTimeout(() => process.exit(1), orphanLimitMs).unref();
    });
  });
}

async function startWorkerRole({ config, openHouse }: ServeOptions, closers: Closers): Promise<void> {
  if (config.databaseUrl === undefined) {
    throw new Error(
      '工作进程需要 databaseUrl（DATABASE_URL）· a worker needs databaseUrl (DATABASE_URL): the embedded database belongs to the process with --role all or gateway',
    );
  }
  const house = await openHouse(config.databaseUrl);
  closers.unshift(() => house.close());
  await house.serveWorker();
  if (!isBeside()) print('Cardwright 工作进程已就绪 · worker ready');
}

async function startGatewayRole(options: ServeOptions, closers: Closers): Promise<void> {
  const { config, log, workerProcess } = options;
  const database = await options.openDatabase();
  closers.unshift(() => database.close());
  const house = await options.openHouse(database.connectionString);
  closers.unshift(() => house.close());
  const { port } = await house.serveGateway();
  if (config.role === 'all') {
    const env = { ...workerProcess.env, CARDWRIGHT_DATABASE_URL: database.connectionString };
    const worker = startWorkerProcess({ args: workerProcess.args, env, log });
    closers.unshift(() => worker.stop());
  }
  const address = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  print(`Cardwright 已就绪 · ready: ${address}/spi  (PostgreSQL: ${database.description})`);
  if (options.sandboxPort !== undefined) {
    const stop = await attachSandbox(options, options.sandboxPort, address);
    closers.unshift(stop);
  }
}

async function attachSandbox(
  { config }: ServeOptions,
  port: number,
  address: string,
): Promise<() => Promise<void>> {
  const environment = config.environments.find(({ name }) => name === 'daily');
  const appSecret = environment?.appSecrets[0];
  if (environment === undefined || appSecret === undefined) {
    throw new Error('沙箱需要 daily 环境 · the sandbox needs the environment daily in the configuration');
  }
  const sandbox = await startSandboxProcess({
    port,
    makerUrl: `${address}/spi`,
    dataDir: config.dataDir,
    appKey: environment.appKey,
    appSecret,
  });
  print(`沙箱平台 · the sandbox plays the platform: ${sandbox.url}`);
  const { accepted, cardOrderId, makingCardNo, problem, resultCode } = sandbox.sample;
  print(
    accepted
      ? `示例制卡单已接收 · the published sample order is taken in: ${cardOrderId} → ${makingCardNo}`
      : `示例制卡单未被接收 · the sample order was not taken in: ${problem ?? resultCode}`,
  );
  print();
  print('下一步 · what to try next:');
  print('  npm run -s cardwright -- orders list');
  print('  npm run -s cardwright -- orders show 16002');
  print('  npm run -s cardwright -- orders made 16002');
  print('  npm run -s cardwright -- orders ship 16002 --company 顺丰速运 --number SF1020304050607');
  print('  npm run -s sandbox -- receipt 16002');
  print('  npm run -s sandbox -- order place --templates 2 --cards 300');
  return () => sandbox.stop();
}
