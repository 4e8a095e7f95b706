import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ExportRequest, writeExport } from '../perso/export.ts';
import type { PersoProfile } from '../perso/profile.ts';
import { isPublic, readProfile, readRecords } from './inputs.ts';
import { interruptible } from './interruption.ts';
import { pathEndingWith, type RecordFlags, withRecordOptions } from './options.ts';
import { writeOutput } from './outputs.ts';
import { counted, formatBytes, rateLine } from './progress.ts';
import { watched } from './watched.ts';

type ExportColumns = ExportRequest['columns'];

interface ExportFlags extends RecordFlags {
  readonly profile: string;
  readonly out: string;
  readonly columns?: ExportColumns;
  readonly json?: boolean;
}

export function addExportCommand(program: Command): void {
  withRecordOptions(
    program
      .command('export')
      .description('人工导出 · records for people as XLSX or CSV, never a secret column'),
  )
    .requiredOption(
      '--profile <file>',
      '格式档案 profile that says which columns are secret, or sample:line-csv',
    )
    .requiredOption('--out <file>', '输出 an .xlsx or .csv file', pathEndingWith('.xlsx', '.csv'))
    .addOption(columnsOption())
    .option('--json', '以 JSON 输出 print the summary as JSON')
    .action(writeSheet);
}

function columnsOption(): Option {
  return new Option(
    '--columns <column=title...>',
    '列 columns in this order; =TITLE where the title is another (default: all that are not secret)',
  ).argParser((text, former: ExportColumns = []) => {
    const [, column, title] = /^([^=]+)(?:=(.+))?$/s.exec(text) ?? [];
    if (column === undefined) throw new InvalidArgumentError('COLUMN or COLUMN=TITLE, such as card_no=卡号.');
    return [...former, { column, ...(title !== undefined && { title }) }];
  });
}

async function writeSheet(flags: ExportFlags): Promise<void> {
  const { out } = flags;
  const profile = readProfile(flags.profile);
  const source = await readRecords(flags, profile.columns);
  const request: ExportRequest = {
    format: /\.xlsx$/i.test(out) ? 'xlsx' : 'csv',
    columns: flags.columns ?? publicColumns(profile),
  };
  const startedAtMs = performance.now();
  const { records, file } = await interruptible('file-interrupted', out, (signal) =>
    watched(source, signal, (rows) => writeOutput(out, (sink) => writeExport(rows, profile, request, sink))),
  );
  const seconds = (performance.now() - startedAtMs) / 1000;
  const lines = [
    `${counted(records, '条记录', 'record')}, ${counted(request.columns.length, '列', 'column')}`,
    `${out} ${formatBytes(file.bytes)}, sha256 ${file.sha256}`,
    rateLine(records, 'records', seconds),
  ];
  const json = { path: out, seconds, records, file };
  process.stdout.write(flags.json === true ? `${JSON.stringify(json)}\n` : `${lines.join('\n')}\n`);
}

function publicColumns({ columns }: PersoProfile): ExportColumns {
  return Object.keys(columns)
    .filter((column) => isPublic(columns, column))
    .map((column) => ({ column }));
}
