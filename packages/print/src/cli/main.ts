#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { Refusal } from '../refusal.ts';
import { addPaperCommand } from './paper-command.ts';
import { addPersoCommands } from './perso-command.ts';
import { addPreviewCommand } from './preview-command.ts';
import { addPrintCommands } from './print-commands.ts';
import { addVerifyCommands } from './verify-command.ts';

const examples = `
这些命令可直接运行 These commands work as they stand:
  cardwright-print pdf     --records sample:sample-100 --layout sample:gift-card --press sample:one-up-600dpi --out out/cards
  cardwright-print impose  --records sample:sample-100 --layout sample:gift-card --press sample:digital-sra3 --out out/sheets
  cardwright-print verify  out/sheets
  cardwright-print proof   --records sample:sample-100 --layout sample:gift-card --press sample:one-up-600dpi --out out/proof
  cardwright-print preview --layout sample:gift-card --side back --out out/back.png
  cardwright-print perso   --records sample:sample-100 --profile sample:line-csv --unencrypted --out out/perso
  cardwright-print label   --kind box-label --data sample:box-label --out out/box.pdf

退出码 Exit codes: 0 done, 1 refused or not whole, 2 wrong usage.`;

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The only place of this package that asks a clock. */
const now = (): Date => new Date();

const program = new Command('cardwright-print')
  .description('从卡片记录到印刷文件 From card records to what a press takes')
  .version(version)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .addHelpText('after', examples);
addPrintCommands(program, now);
addPersoCommands(program, now);
addPaperCommand(program, now);
addPreviewCommand(program);
addVerifyCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof Refusal) && !isSystemError(error)) throw error;
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

/** Disk full, a folder that cannot be written: the user's to mend, and no bug to show the inside of. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
