#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addBuyingCommands } from './cli/buying-commands.ts';
import { addActCommands } from './cli/commands.ts';
import { SandboxUnreachable } from './cli/control-client.ts';
import { addFaultCommands } from './cli/fault-commands.ts';
import { addServeCommand } from './cli/serve.ts';
import { StateFileError } from './state-file.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const program = new Command('cardwright-sandbox')
  .description(
    '汇金资金平台沙箱：在本机扮演平台，下达制卡单，提供卡数据\nThe fund platform, simulated: places card orders, serves card data.',
  )
  .version(version)
  .showHelpAfterError();
addServeCommand(program);
addActCommands(program);
addBuyingCommands(program);
addFaultCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  const known =
    error instanceof StateFileError || error instanceof SandboxUnreachable || isSystemError(error);
  if (!known) throw error;
  process.stderr.write(`错误 error: ${error.message}\n`);
  process.exitCode = 1;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
