import { type Command, Option } from 'commander';
import { bundledPaperFonts } from '../paper/paper-fonts.ts';
import { renderPaper } from '../paper/render.ts';
import { type PaperKind, paperSchemas } from '../paper/schema.ts';
import { refusedAt } from '../refusal.ts';
import { readJson } from './inputs.ts';
import { localMoment } from './moment.ts';
import { writeOutput } from './outputs.ts';
import { formatBytes } from './progress.ts';

interface PaperFlags {
  readonly kind: PaperKind;
  readonly data: string;
  readonly out: string;
  readonly format?: 'pdf' | 'zpl';
  readonly dpi?: keyof typeof resolutions;
  readonly codes?: 'native' | 'bitmap';
}

const resolutions = { 203: 203, 300: 300, 600: 600 } as const;

export function addPaperCommand(program: Command, now: () => Date): void {
  program
    .command('label')
    .description('标签与单据 · labels, packing list, waybill, hand-over sheet or certificate, as PDF or ZPL')
    .addOption(
      new Option('--kind <kind>', '种类 what is made')
        .choices(Object.keys(paperSchemas))
        .makeOptionMandatory(),
    )
    .requiredOption('--data <file>', '数据 JSON of one or a list of them, or sample:box-label')
    .requiredOption('--out <file>', '输出 a .pdf or .zpl file; another ending needs --format')
    .addOption(new Option('--format <format>', '格式 what --out becomes').choices(['pdf', 'zpl']))
    .addOption(
      new Option('--dpi <dpi>', '分辨率 dots per inch of the label printer').choices(
        Object.keys(resolutions),
      ),
    )
    .addOption(
      new Option('--codes <how>', '条码 in ZPL: drawn by the printer, or as a bitmap').choices([
        'native',
        'bitmap',
      ]),
    )
    .action((flags: PaperFlags, command: Command) => {
      const format = flags.format ?? formatOf(flags.out);
      if (format === undefined)
        command.error(`error: --out ${flags.out} ends neither with .pdf nor with .zpl: give --format`);
      return write(flags, format, now());
    });
}

async function write(flags: PaperFlags, format: 'pdf' | 'zpl', date: Date): Promise<void> {
  const { kind, data, out, dpi, codes } = flags;
  const options = {
    format,
    fonts: bundledPaperFonts(),
    createdAt: localMoment(date),
    ...(dpi !== undefined && { dotsPerInch: resolutions[dpi] }),
    ...(codes !== undefined && { codes }),
  };
  const json = readJson(data, 'papers', (papers) => papers);
  const bytes = await renderPaper(kind, json, options).catch((error: unknown) => {
    throw refusedAt(error, { file: data });
  });
  await writeOutput(out, (file) => file.write(bytes));
  process.stdout.write(`${out} ${formatBytes(bytes.length)}\n`);
}

function formatOf(out: string): 'pdf' | 'zpl' | undefined {
  if (/\.pdf$/i.test(out)) return 'pdf';
  return /\.zpl$/i.test(out) ? 'zpl' : undefined;
}
