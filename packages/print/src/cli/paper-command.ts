import { type Command, Option } from 'commander';
import { writeWholeFile } from '../file/whole-file.ts';
import { bundledPaperFonts } from '../paper/paper-fonts.ts';
import { renderPaper } from '../paper/render.ts';
import { type PaperKind, paperSchemas } from '../paper/schema.ts';
import { Refusal } from '../refusal.ts';
import { readJson } from './inputs.ts';
import { localMoment } from './moment.ts';
import { formatBytes } from './progress.ts';

interface PaperFlags {
  readonly kind: PaperKind;
  readonly data: string;
  readonly out: string;
  readonly format?: 'pdf' | 'zpl';
  readonly dpi?: string;
  readonly codes?: 'native' | 'bitmap';
}

const resolutions = { 203: 203, 300: 300, 600: 600 } as const;

export function addPaperCommand(program: Command, now: () => Date): void {
  program
    .command('label')
    .description('标签与单据 Labels, packing list, waybill, hand-over sheet or certificate, as PDF or ZPL')
    .addOption(
      new Option('--kind <kind>', 'what is made').choices(Object.keys(paperSchemas)).makeOptionMandatory(),
    )
    .requiredOption('--data <file>', 'JSON of one or a list of them, or sample:box-label')
    .requiredOption(
      '--out <file>',
      'the file; its ending (.pdf, .zpl) is the format unless --format is given',
    )
    .addOption(new Option('--format <format>', 'pdf or zpl').choices(['pdf', 'zpl']))
    .addOption(new Option('--dpi <dpi>', 'dots of the label printer').choices(Object.keys(resolutions)))
    .addOption(
      new Option('--codes <how>', 'in ZPL: drawn by the printer, or as a bitmap').choices([
        'native',
        'bitmap',
      ]),
    )
    .action((flags: PaperFlags) => write(flags, now()));
}

async function write({ kind, data, out, format, dpi, codes }: PaperFlags, date: Date): Promise<void> {
  const bytes = await renderPaper(kind, readJson(data, 'papers').json, {
    format: format ?? formatOf(out),
    fonts: bundledPaperFonts(),
    createdAt: localMoment(date),
    ...(dpi !== undefined && { dotsPerInch: resolutions[Number(dpi) as keyof typeof resolutions] }),
    ...(codes !== undefined && { codes }),
  });
  await writeWholeFile(out, bytes);
  process.stdout.write(`${out} ${formatBytes(bytes.length)}\n`);
}

function formatOf(out: string): 'pdf' | 'zpl' {
  if (/\.pdf$/i.test(out)) return 'pdf';
  if (/\.zpl$/i.test(out)) return 'zpl';
  throw new Refusal('option-unknown', `--out ${out}: ends neither with .pdf nor with .zpl; give --format`);
}
