#!/usr/bin/env node
import { Command, Option } from 'commander';
import { addAlarmsCommands } from './cli/alarms-commands.ts';
import { addAuditCommands } from './cli/audit-commands.ts';
import { addCardsCommands } from './cli/cards-commands.ts';
import { type CommonFlags, common, createCommandContext, exitWith, withJson } from './cli/context.ts';
import { openCommandDatabase, openServingDatabase } from './cli/database.ts';
import { doctor } from './cli/doctor.ts';
import { addJobsCommands } from './cli/jobs-commands.ts';
import { addOrdersCommands } from './cli/orders-commands.ts';
import { serve } from './cli/serve.ts';
import { spiExplain } from './cli/spi-explain.ts';
import { printError } from './cli/terminal.ts';
import { addVaultCommands } from './cli/vault-commands.ts';
import { type Config, ConfigError } from './config.ts';
import { armFailpoints } from './failpoint.ts';
import { openHouse, version } from './house.ts';
import { createLog } from './log.ts';

interface ServeFlags extends CommonFlags {
  readonly port?: string;
  readonly host?: string;
  readonly role?: string;
  readonly sandbox?: boolean;
  readonly sandboxPort: string;
}

function labelledSecrets(config: Config, extra: string | undefined): { label: string; secret: string }[] {
  const configured = config.environments.flatMap(({ name, appSecrets }) =>
    appSecrets.map((secret, index) => ({ label: `${name}[${index}]`, secret })),
  );
  return extra === undefined
    ? configured
    : [{ label: 'CARDWRIGHT_SPI_SECRET', secret: extra }, ...configured];
}

/** The command line of the worker that is started beside a gateway. */
function workerArguments({ config, data, sandboxPort }: ServeFlags): string[] {
  const given = Object.entries({ config, data, 'sandbox-port': sandboxPort });
  const options = given.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  return ['serve', '--role', 'worker', ...options];
}

armFailpoints(process.env.CARDWRIGHT_FAILPOINTS ?? '');
const context = createCommandContext(process.env);
const program = new Command('cardwright')
  .description('制卡商系统：承接汇金平台制卡单 · takes in card orders of the fund platform, durably and once')
  .version(version())
  .showHelpAfterError('(--help 显示用法 · shows what there is)');

common(program.command('serve').description('启动服务 · run the product'))
  .option('--port <number>', '端口 · port (default 7001)')
  .option('--host <address>', '监听地址 · address to listen on (default 127.0.0.1)')
  .option('--role <role>', 'gateway | worker | all（默认 · default）')
  .option('--sandbox', '附带沙箱平台 · attach the sandbox platform (default without --config)')
  .addOption(new Option('--sandbox-port <number>', '沙箱端口 · port of the sandbox').default('7002'))
  .action((flags: ServeFlags) => {
    const { config, ownConfig } = context.configFor(flags, flags.sandboxPort);
    const log = createLog(config.logLevel);
    return exitWith(
      serve({
        config,
        log,
        sandboxPort: flags.sandbox === true || !ownConfig ? Number(flags.sandboxPort) : undefined,
        openDatabase: () => openServingDatabase(config, log),
        openHouse: (connectionString) => openHouse(config, connectionString, log),
        workerProcess: { args: [import.meta.filename, ...workerArguments(flags)], env: process.env },
      }),
    );
  });

addOrdersCommands(program, context);
addJobsCommands(program, context);
addAlarmsCommands(program, context);
addVaultCommands(program, context, ({ audit }) => audit.signer);
addCardsCommands(program, context);
addAuditCommands(program, context);

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
    const { config } = context.configFor(flags);
    return exitWith(
      spiExplain(file, labelledSecrets(config, process.env.CARDWRIGHT_SPI_SECRET), flags.json === true),
    );
  });

withJson(
  program.command('doctor').description('自检 · checks database, clock, data folder, keys, reachability'),
).action((flags: CommonFlags) => {
  const { config } = context.configFor(flags);
  const openDatabase = async () => {
    const database = await openCommandDatabase(config, createLog('warn'));
    const house = await openHouse(config, database.connectionString, createLog('warn'));
    return {
      pool: house.pool,
      vault: house.vault,
      registry: house.registry,
      close: async () => {
        await house.close();
        await database.close();
      },
    };
  };
  return exitWith(doctor(config, openDatabase, flags.json === true));
});

// Whoever reads our output may stop early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
try {
  await program.parseAsync();
} catch (error) {
  const isForPeople = error instanceof ConfigError || process.env.CARDWRIGHT_DEBUG === undefined;
  printError(`错误 · error: ${isForPeople ? (error as Error).message : (error as Error).stack}`);
  process.exitCode = 1;
}
