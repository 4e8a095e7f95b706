import { type Command, Option } from 'commander';
import type { PressProfile } from '../press/schema.ts';
import { selectRecords } from '../records/select.ts';
import { Refusal } from '../refusal.ts';
import { type PrintReport, printRun } from '../run/print-run.ts';
import {
  type LayoutInput,
  type RecordFlags,
  readFonts,
  readLayout,
  readPress,
  readRecords,
} from './inputs.ts';
import { localDate, localMoment } from './moment.ts';
import { formatBytes, formatCount, formatSeconds, Progress } from './progress.ts';

interface PrintFlags extends RecordFlags {
  readonly layout: string;
  readonly press: string;
  readonly out: string;
  readonly font?: readonly string[];
  readonly job?: string;
  readonly date?: string;
  readonly threads?: string;
  readonly json?: boolean;
}

/** Options of records that several commands share. */
export function withRecordOptions(command: Command): Command {
  return command
    .requiredOption('--records <file>', '记录 records: a .csv or .jsonl file, or sample:sample-100')
    .option('--encoding <name>', 'of a CSV file: utf-8, gb18030 or gbk', 'utf-8')
    .option('--unique-by <columns...>', '唯一列 columns in which no value may come twice')
    .option('--range <ranges>', '记录范围 records to make, such as 1-500,777')
    .option('--remake <file>', '补打清单 records to make again: one record number a line')
    .option('--remake-by <column>', 'the lines of --remake are values of this column');
}

export function addPrintCommands(program: Command, now: () => Date): void {
  const describe = (name: string, description: string): Command =>
    withRecordOptions(program.command(name).description(description))
      .requiredOption('--layout <file>', '版面 layout: a JSON file, or sample:gift-card')
      .requiredOption(
        '--press <file>',
        '印刷机 press profile: a JSON file, or sample:one-up-600dpi, sample:digital-sra3',
      )
      .requiredOption('--out <folder>', '输出文件夹 folder for PDF files, place map and manifest')
      .option('--font <name=file...>', 'fonts (.ttf) of your own by the name that the layout gives them')
      .option('--job <name>', '任务名 title of the documents and slugs; the layout’s name unless given')
      .option('--date <text>', 'what slugs show as the date; today unless given')
      .addOption(new Option('--threads <n>', 'drawing threads; as many as cores unless given'))
      .option('--json', 'print the summary as JSON');

  describe('pdf', '每张卡一页 A card a page, whatever sheet the press profile has').action(
    (flags: PrintFlags) => print(flags, now, withoutSheet, false),
  );
  describe('impose', '拼版 Cards on sheets, cut-and-stack, with marks, as the press profile says').action(
    (flags: PrintFlags) => print(flags, now, withSheet, false),
  );
  describe('proof', '样张 The first three records with dummies for every secret, marked as proof').action(
    (flags: PrintFlags) => print(flags, now, withoutSheet, true),
  );
}

async function print(
  flags: PrintFlags,
  now: () => Date,
  adapt: (press: PressProfile) => PressProfile,
  isProof: boolean,
): Promise<void> {
  const layout = readLayout(flags.layout);
  const { press, outputProfile } = readPress(flags.press);
  const source = await readRecords(flags, secretColumnsOf(layout));
  const progress = new Progress();
  const startedAtMs = performance.now();
  const abort = new AbortController();
  const onInterrupt = (): void => abort.abort(new Refusal('run-interrupted', flags.out));
  process.once('SIGINT', onInterrupt).once('SIGTERM', onInterrupt);
  try {
    const report = await printRun(
      {
        ...readFonts(flags.font),
        layout: layout.layout,
        artworks: layout.artworks,
        press: adapt(press),
        outputProfile,
        jobName: flags.job ?? layout.layout.name,
        dateText: flags.date ?? localDate(now()),
        createdAt: localMoment(now()),
        isProof,
        records: isProof ? selectRecords(source, { ranges: await firstThree(source) }) : source,
        folder: flags.out,
      },
      {
        signal: abort.signal,
        ...(flags.threads !== undefined && { threads: threadsOf(flags.threads) }),
        onProgress: ({ phase, records, of }) =>
          progress.tell(
            phase === 'checking' ? '检查记录 checking records' : '印制 printing cards',
            records,
            of,
          ),
      },
    );
    progress.end();
    tellReport(report, (performance.now() - startedAtMs) / 1000, flags.json === true);
  } finally {
    progress.end();
    process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt);
  }
}

function withoutSheet(press: PressProfile): PressProfile {
  const { sheet: _sheet, duplex: _duplex, marks: _marks, sheetsPerFile: _sheets, ...rest } = press;
  return rest;
}

function withSheet(press: PressProfile): PressProfile {
  if (press.sheet === undefined)
    throw new Refusal('press-lacks-sheet', `${press.name} takes a card a page`, { at: 'sheet' });
  return press;
}

/** A proof of fewer records than three shows all that there are. */
async function firstThree(source: Awaited<ReturnType<typeof readRecords>>): Promise<string> {
  let found = 0;
  for await (const rows of source.batches()) {
    found += rows.length;
    if (found >= 3) break;
  }
  if (found === 0) throw new Refusal('records-none', 'there is nothing to proof');
  return `1-${Math.min(3, found)}`;
}

export function secretColumnsOf({ layout }: LayoutInput): string[] {
  return Object.entries(layout.fields ?? {}).flatMap(([name, field]) =>
    field.secret === true ? [name] : [],
  );
}

function threadsOf(text: string): number {
  const threads = Number(text);
  if (!/^\d{1,3}$/.test(text) || threads > 256)
    throw new Refusal('option-unknown', `--threads ${text}: 0 to 256`);
  return threads;
}

function tellReport(
  { manifest, manifestPath, warnings, filesKept }: PrintReport,
  seconds: number,
  asJson: boolean,
): void {
  const { files, totals } = manifest;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (asJson) {
    process.stdout.write(
      `${JSON.stringify({ manifestPath, totals, bytes, seconds, filesKept, files, warnings })}\n`,
    );
    return;
  }
  const kept = filesKept > 0 ? `, ${filesKept} of them from an earlier run` : '';
  const lines = [
    ...warningLines(warnings),
    `${formatCount(totals.records)} 张卡 cards on ${formatCount(totals.sheets)} 页 sheets, ${formatCount(totals.voids)} 空位 VOID`,
    `${formatCount(files.length)} 个文件 files${kept}, ${formatBytes(bytes)}`,
    `${formatSeconds(seconds)}, ${formatCount(Math.round(totals.records / seconds))} cards/s`,
    `清单 manifest ${manifestPath}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

export function warningLines(warnings: PrintReport['warnings']): string[] {
  return warnings.map((warning) => {
    const { at, zh, en } = warning;
    return `警告 warning: ${at}: ${zh} · ${en}${'detail' in warning ? ` (${warning.detail})` : ''}`;
  });
}
