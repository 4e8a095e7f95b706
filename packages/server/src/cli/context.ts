import type { Command } from 'commander';
import { type Config, loadConfig } from '../config.ts';
import { makeDataDir } from '../data-dir.ts';
import { type House, openHouse } from '../house.ts';
import { createLog } from '../log.ts';
import { openCommandDatabase } from './database.ts';
import { sandboxSecret } from './sandbox-process.ts';

/** The options that most commands have. */
export interface CommonFlags {
  readonly config?: string;
  readonly data?: string;
  readonly json?: boolean;
}

/** What the composition root gives to each group of commands. */
export interface CommandContext {
  /** The configuration for these flags; without any configured environment the product meets the sandbox. */
  configFor(
    flags: CommonFlags & { port?: string; host?: string; role?: string },
    sandboxPort?: string,
  ): { config: Config; ownConfig: boolean };
  /** Opens the database for one command, beside a running product or alone, and closes it again. Answers the exit code. */
  withHouse(flags: CommonFlags, work: (house: House) => Promise<number>): Promise<void>;
  /** An environment variable, for settings that must not stand on a command line. */
  variable(name: string): string | undefined;
}

export function createCommandContext(env: Readonly<Record<string, string | undefined>>): CommandContext {
  const configFor: CommandContext['configFor'] = (flags, sandboxPort = '7002') => {
    const config = loadConfig({ file: flags.config, env, flags });
    if (flags.config !== undefined || config.environments.length > 0) return { config, ownConfig: true };
    makeDataDir(config.dataDir);
    const sandboxEnv = {
      ...env,
      CARDWRIGHT_DAILY_APP_KEY: '12345678',
      CARDWRIGHT_DAILY_APP_SECRETS: sandboxSecret(config.dataDir),
      CARDWRIGHT_DAILY_GATEWAY: `http://127.0.0.1:${sandboxPort}/router/rest`,
    };
    return { config: loadConfig({ env: sandboxEnv, flags }), ownConfig: false };
  };
  return {
    configFor,
    variable: (name) => env[name],
    withHouse: (flags, work) => exitWith(workInHouse(configFor(flags).config, work)),
  };
}

async function workInHouse(config: Config, work: (house: House) => Promise<number>): Promise<number> {
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

export const exitWith = (work: Promise<number>): Promise<void> =>
  work.then((code) => {
    process.exitCode = code;
  });

export const common = (command: Command): Command =>
  command
    .option('--config <file>', '配置文件 · cardwright.config.json (see docs/configuration.md)')
    .option('--data <dir>', '数据目录 · data folder (default ./data)');

export const withJson = (command: Command): Command =>
  common(command).option('--json', '输出 JSON · output for programs');
