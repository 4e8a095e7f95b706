#!/usr/bin/env node
import { Command, Option } from 'commander';
import { openCommandDatabase, openServingDatabase } from './cli/database.ts';
import { doctor } from './cli/doctor.ts';
import { ordersList, ordersShow } from './cli/orders.ts';
import { sandboxSecret } from './cli/sandbox-process.ts';
import { serve } from './cli/serve.ts';
import { spiExplain } from './cli/spi-explain.ts';
import { printError } from './cli/terminal.ts';
import { type Config, ConfigError, loadConfig } from './config.ts';
import { makeDataDir } from './data-dir.ts';
import { openHouse, version } from './house.ts';
import { createLog } from './log.ts';

interface CommonFlags {
  readonly config?: string;
  readonly data?: string;
  readonly json?: boolean;
}
interface ServeFlags extends CommonFlags {
  readonly port?: string;
  readonly host?: string;
  readonly sandbox?: boolean;
  readonly sandboxPort: string;
}

/** Without any configured environment the product meets the sandbox; see docs/configuration.md. */
function configFor(
  flags: CommonFlags & { port?: string; host?: string },
  sandboxPort = '7002',
): { config: Config; ownConfig: boolean } {
  const config = loadConfig({ file: flags.config, env: process.env, flags });
  if (flags.config !== undefined || config.environments.length > 0) return { config, ownConfig: true };
  makeDataDir(config.dataDir);
  const env = {
    ...process.env,
    CARDWRIGHT_DAILY_APP_KEY: '12345678',
    CARDWRIGHT_DAILY_APP_SECRETS: sandboxSecret(config.dataDir),
    CARDWRIGHT_DAILY_GATEWAY: `http://127.0.0.1:${sandboxPort}/router/rest`,
  };
  return { config: loadConfig({ env, flags }), ownConfig: false };
}

/** Opens the database for one command, beside a running product or alone, and closes it again. */
async function withHouse(
  flags: CommonFlags,
  work: (house: Awaited<ReturnType<typeof openHouse>>) => Promise<number>,
): Promise<number> {
  const { config } = configFor(flags);
  const database = await openCommandDatabase(config, createLog('warn'));
  try {
    const house = await openHouse(config, database.connectionString, createLog('warn'));
    try {
      return await work(house);
    } finally {
      await house.close();
    }
  } finally {
    await database.close();
  }
}

function labelledSecrets(config: Config, extra: string | undefined): { label: string; secret: string }[] {
  const configured = config.environments.flatMap(({ name, appSecrets }) =>
    appSecrets.map((secret, index) => ({ label: `${name}[${index}]`, secret })),
  );
  return extra === undefined
    ? configured
    : [{ label: 'CARDWRIGHT_SPI_SECRET', secret: extra }, ...configured];
}

const exitWith = (work: Promise<number>): Promise<void> =>
  work.then((code) => {
    process.exitCode = code;
  });

const program = new Command('cardwright')
  .description('制卡商系统：承接汇金平台制卡单 · takes in card orders of the fund platform, durably and once')
  .version(version())
  .showHelpAfterError('(--help 显示用法 · shows what there is)');

const common = (command: Command): Command =>
  command
    .option('--config <file>', '配置文件 · cardwright.config.json (see docs/configuration.md)')
    .option('--data <dir>', '数据目录 · data folder (default ./data)');
const withJson = (command: Command): Command =>
  common(command).option('--json', '输出 JSON · output for programs');

common(program.command('serve').description('启动服务 · run the product'))
  .option('--port <number>', '端口 · port (default 7001)')
  .option('--host <address>', '监听地址 · address to listen on (default 127.0.0.1)')
  .option('--sandbox', '附带沙箱平台 · attach the sandbox platform (default without --config)')
  .addOption(new Option('--sandbox-port <number>', '沙箱端口 · port of the sandbox').default('7002'))
  .action((flags: ServeFlags) => {
    const { config, ownConfig } = configFor(flags, flags.sandboxPort);
    const log = createLog(config.logLevel);
    return exitWith(
      serve({
        config,
        log,
        sandboxPort: flags.sandbox === true || !ownConfig ? Number(flags.sandboxPort) : undefined,
        openDatabase: () => openServingDatabase(config, log),
        openHouse: (connectionString) => openHouse(config, connectionString, log),
      }),
    );
  });

const orders = program.command('orders').description('制卡单 · card orders');
withJson(orders.command('list').description('列出制卡单，新的在前 · the newest first'))
  .option('--environment <name>', 'daily | pre | online')
  .option('--state <state>', '内部状态 · house state, such as received, planned, held')
  .addOption(new Option('--limit <number>', '最多条数 · how many at the most').default(50).argParser(Number))
  .action((flags: CommonFlags & { environment?: string; state?: string; limit: number }) =>
    exitWith(withHouse(flags, ({ pool }) => ordersList(pool, { ...flags, json: flags.json === true }))),
  );
withJson(
  orders
    .command('show <id>')
    .description('一个制卡单的全部经过 · one order and its story; by platform id or our number'),
).action((id: string, flags: CommonFlags) =>
  exitWith(withHouse(flags, ({ pool }) => ordersShow(pool, id, flags.json === true))),
);

const spi = program.command('spi').description('平台调用 · calls of the platform');
withJson(
  spi
    .command('explain [file]')
    .description('解释签名为何失败 · why a captured raw HTTP request (file or standard input) is refused'),
)
  .addHelpText(
    'after',
    '\n另一个密钥可放在环境变量 CARDWRIGHT_SPI_SECRET 中 · a further secret may be given in CARDWRIGHT_SPI_SECRET',
  )
  .action((file: string | undefined, flags: CommonFlags) => {
    const { config } = configFor(flags);
    return exitWith(
      spiExplain(file, labelledSecrets(config, process.env.CARDWRIGHT_SPI_SECRET), flags.json === true),
    );
  });

withJson(
  program.command('doctor').description('自检 · checks database, clock, data folder, keys, reachability'),
).action((flags: CommonFlags) => {
  const { config } = configFor(flags);
  const openDatabase = async () => {
    const database = await openCommandDatabase(config, createLog('warn'));
    const house = await openHouse(config, database.connectionString, createLog('warn'));
    return {
      pool: house.pool,
      vault: house.vault,
      close: async () => {
        await house.close();
        await database.close();
      },
    };
  };
  return exitWith(doctor(config, openDatabase, flags.json === true));
});

try {
  await program.parseAsync();
} catch (error) {
  const isForPeople = error instanceof ConfigError || process.env.CARDWRIGHT_DEBUG === undefined;
  printError(`错误 · error: ${isForPeople ? (error as Error).message : (error as Error).stack}`);
  process.exitCode = 1;
}
