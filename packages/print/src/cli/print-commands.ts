import type { Command } from 'commander';
import { sides } from '../layout/sides.ts';
import type { PressProfile } from '../press/schema.ts';
import type { RecordSource } from '../records/record.ts';
import { numberedBatches } from '../records/record.ts';
import { selectRecords } from '../records/select.ts';
import { Refusal } from '../refusal.ts';
import { type PrintReport, printRun } from '../run/print-run.ts';
import { readFonts, readLayout, readPress, readRecords } from './inputs.ts';
import { interruptible, until } from './interruption.ts';
import { localDate, localMoment } from './moment.ts';
import {
  fontOption,
  type GivenFont,
  type RecordFlags,
  shortText,
  wholeNumber,
  withRecordOptions,
} from './options.ts';
import { reportJson, reportLines } from './print-report.ts';
import { Progress } from './progress.ts';

interface PrintFlags extends RecordFlags {
  readonly layout: string;
  readonly press: string;
  readonly out: string;
  readonly font?: readonly GivenFont[];
  readonly job?: string;
  readonly date?: string;
  readonly threads?: number;
  readonly json?: boolean;
}

/** What `pdf`, `impose` and `proof` differ in. */
interface PrintKind {
  readonly isProof: boolean;
  adapt(press: PressProfile): PressProfile;
}

export function addPrintCommands(program: Command, now: () => Date): void {
  const add = (name: string, description: string, kind: PrintKind): void => {
    withRecordOptions(program.command(name).description(description))
      .requiredOption('--layout <file>', '版面 layout: a JSON file, or sample:gift-card')
      .requiredOption(
        '--press <file>',
        '印刷机参数 press profile: a JSON file, or sample:one-up-600dpi, sample:digital-sra3, sample:offset-8x3',
      )
      .requiredOption('--out <folder>', '输出文件夹 folder for the PDF files, place map and manifest')
      .addOption(fontOption())
      .option(
        '--job <name>',
        '任务名 title of documents and slugs (default: the layout’s name)',
        shortText(200),
      )
      .option('--date <text>', '日期 what slugs show as the date (default: today)', shortText(40))
      .option(
        '--threads <n>',
        '线程 drawing threads, 0 to 256 (default: as many as cores)',
        wholeNumber(0, 256),
      )
      .option('--json', '以 JSON 输出 print the summary as JSON')
      .action((flags: PrintFlags) => print(flags, now(), kind));
  };
  add('pdf', '单张 PDF · a card a page, whatever sheet the press profile has', {
    isProof: false,
    adapt: withoutSheet,
  });
  add('impose', '拼版 · cards on sheets, cut-and-stack, with marks, as the press profile says', {
    isProof: false,
    adapt: withSheet,
  });
  add('proof', '样张 · the first three records with dummies for every secret, marked as proof', {
    isProof: true,
    adapt: withoutSheet,
  });
}

async function print(flags: PrintFlags, startedAt: Date, { isProof, adapt }: PrintKind): Promise<void> {
  const { layout, artworks } = readLayout(flags.layout);
  const { press: givenPress, outputProfile } = readPress(flags.press);
  const press = adapt(givenPress);
  const source = await readRecords(flags, layout.fields);
  const startedAtMs = performance.now();
  const report = await interruptible('run-interrupted', flags.out, async (signal) => {
    const records = until(signal, source);
    const job = {
      ...readFonts(flags.font),
      ...{ layout, artworks, press, outputProfile, isProof },
      jobName: flags.job ?? layout.name,
      dateText: flags.date ?? localDate(startedAt),
      createdAt: localMoment(startedAt),
      records: isProof ? await firstThree(records) : records,
      folder: flags.out,
    };
    return withProgress((onProgress) =>
      printRun(job, {
        signal,
        onProgress,
        ...(flags.threads !== undefined && { threads: flags.threads }),
      }),
    );
  });
  const told = {
    ...{ report, isProof, folder: flags.out },
    seconds: (performance.now() - startedAtMs) / 1000,
    sides: sides.filter((side) => layout[side] !== undefined).length,
    onSheets: press.sheet !== undefined,
  };
  process.stdout.write(`${flags.json === true ? reportJson(told) : reportLines(told).join('\n')}\n`);
}

type OnProgress = NonNullable<NonNullable<Parameters<typeof printRun>[1]>['onProgress']>;

async function withProgress(run: (onProgress: OnProgress) => Promise<PrintReport>): Promise<PrintReport> {
  const progress = new Progress();
  try {
    return await run(({ phase, records, of }) =>
      progress.tell(phase === 'checking' ? '检查记录 checking records' : '生成 drawing cards', records, of),
    );
  } finally {
    progress.end();
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

/** The first three of the records, with the numbers that they have; of fewer, all that there are. */
async function firstThree(source: RecordSource): Promise<RecordSource> {
  const recordNos: number[] = [];
  for await (const batch of numberedBatches(source)) {
    recordNos.push(...batch.recordNos.subarray(0, 3 - recordNos.length));
    if (recordNos.length === 3) break;
  }
  if (recordNos.length === 0) throw new Refusal('records-none', 'there is nothing to proof');
  return selectRecords(source, { recordNos });
}
