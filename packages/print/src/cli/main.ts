import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { Command } from 'commander';
import { Refusal } from '../refusal.ts';
import { addExamples } from './examples.ts';
import { addExportCommand } from './export-command.ts';
import { addPaperCommand } from './paper-command.ts';
import { addPersoCommands } from './perso-command.ts';
import { addPreviewCommand } from './preview-command.ts';
import { addPrintCommands } from './print-commands.ts';
import { addSchemaCommand } from './schema-command.ts';
import { addVerifyCommand } from './verify-command.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The only place of this package that asks a clock for the date. */
const now = (): Date => new Date();

function makeProgram(): Command {
  const program = new Command('cardwright-print')
    .description('从卡片记录到印刷文件 · from card records to what a press takes')
    .version(version, '-V, --version', '版本 print the version')
    .helpOption('-h, --help', '帮助 print help')
    .helpCommand('help [command]', '帮助 · print help for a command')
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error:/, '用法错误 wrong usage:')),
    })
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  addPrintCommands(program, now);
  addVerifyCommand(program);
  addPreviewCommand(program);
  addPersoCommands(program, now);
  addExportCommand(program);
  addPaperCommand(program, now);
  addSchemaCommand(program);
  addExamples(program);
  program.showHelpAfterError('用法 usage: cardwright-print --help');
  for (const command of program.commands) {
    const name = `cardwright-print ${command.name()}`;
    command.showHelpAfterError(`用法 usage: ${name} ${command.usage()}; 详见 see ${name} --help`);
  }
  return program;
}

/** Refusals, and what the system refuses, are the user's to mend: one line. Anything else is a bug and shows its inside. */
function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  const isSystemError = error instanceof Error && 'syscall' in error && 'code' in error;
  return isSystemError ? new Refusal('output-unwritable', error.message) : undefined;
}

/** As shells count: 128 and the signal's number for what a signal stopped. */
function exitCodeOf({ code, detail }: Refusal): number {
  if (code !== 'run-interrupted' && code !== 'file-interrupted') return 1;
  return 128 + constants.signals[detail as NodeJS.Signals];
}

// Whoever reads our output may stop early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
try {
  await makeProgram().parseAsync();
} catch (error) {
  const refusal = refusalOf(error);
  if (refusal === undefined) throw error;
  process.stderr.write(`${refusal.message.replace(/\p{Cc}/gu, '�')}\n`);
  process.exitCode = exitCodeOf(refusal);
}
