import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { House } from '../house.ts';
import type { Database } from './database.ts';
import { startSandboxProcess } from './sandbox-process.ts';
import { print } from './terminal.ts';

export interface ServeOptions {
  readonly config: Config;
  readonly log: Logger;
  /** The port of an attached sandbox, or undefined for none. */
  readonly sandboxPort: number | undefined;
  readonly openDatabase: () => Promise<Database>;
  readonly openHouse: (connectionString: string) => Promise<House>;
}

/** `cardwright serve`: runs until SIGINT or SIGTERM, then finishes what it acknowledged. */
export async function serve(options: ServeOptions): Promise<number> {
  const stopSignal = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const database = await options.openDatabase();
    closers.unshift(() => database.close());
    const house = await options.openHouse(database.connectionString);
    closers.unshift(() => house.close());
    const { port } = await house.serve();
    const address = `http://${options.config.host.includes(':') ? `[${options.config.host}]` : options.config.host}:${port}`;
    print(`Cardwright 已就绪 · ready: ${address}/spi  (PostgreSQL: ${database.description})`);
    if (options.sandboxPort !== undefined) {
      const stop = await attachSandbox(options, options.sandboxPort, address);
      closers.unshift(stop);
    }
    await stopSignal;
    print('正在停止 · stopping');
    return 0;
  } finally {
    for (const close of closers) await close();
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
  print('  npm run -s sandbox -- order place --templates 2 --cards 300');
  print('  npm run -s sandbox -- status 16002');
  return () => sandbox.stop();
}
