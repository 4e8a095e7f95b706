import { type Command, Option } from 'commander';
import { openTypeface } from '../font/open-typeface.ts';
import { openArtwork } from '../image/open.ts';
import { compileLayout } from '../layout/compile.ts';
import { dummyRow } from '../layout/dummy.ts';
import { previewPng, previewSvg } from '../layout/preview.ts';
import { proofFace } from '../layout/proof.ts';
import { type Side, sides } from '../layout/sides.ts';
import type { Row } from '../records/record.ts';
import type { TextEncoding } from '../records/text-lines.ts';
import { Refusal } from '../refusal.ts';
import { type LayoutInput, readFonts, readLayout, readPress, readRecords } from './inputs.ts';
import { encodingOption, fontOption, type GivenFont, pathEndingWith, wholeNumber } from './options.ts';
import { writeOutput } from './outputs.ts';
import { warningLines } from './print-report.ts';
import { formatBytes } from './progress.ts';

interface PreviewFlags {
  readonly layout: string;
  readonly press: string;
  readonly records?: string;
  readonly encoding: TextEncoding;
  readonly record: number;
  readonly side: Side;
  readonly out: string;
  readonly dpi: number;
  readonly font?: readonly GivenFont[];
  readonly layers?: readonly string[];
  readonly bleed?: boolean;
  readonly guides?: boolean;
}

export function addPreviewCommand(program: Command): void {
  program
    .command('preview')
    .description('预览 · one side of one card as PNG or SVG, with dummies for every secret')
    .requiredOption('--layout <file>', '版面 layout: a JSON file, or sample:gift-card')
    .requiredOption('--out <file>', '输出 a .png or .svg file', pathEndingWith('.png', '.svg'))
    .addOption(new Option('--side <side>', '正反面 which side').choices(sides).default('front'))
    .option(
      '--press <file>',
      '印刷机参数 press profile: its dots decide the size of codes',
      'sample:one-up-600dpi',
    )
    .option(
      '--records <file>',
      '记录 records for the texts that are no secret (default: the layout’s samples)',
    )
    .addOption(encodingOption())
    .option('--record <n>', '第几条 which of the records', wholeNumber(1, 4_294_967_295), 1)
    .option('--dpi <n>', '分辨率 dots per inch of a PNG', wholeNumber(10, 2_400), 300)
    .addOption(fontOption())
    .option('--layers <names...>', '图层 only these layers')
    .option('--bleed', '出血 show the bleed around the card')
    .option('--guides', '参考线 show trim and safe zone')
    .action(preview);
}

async function preview(flags: PreviewFlags): Promise<void> {
  const input = readLayout(flags.layout);
  const { layout } = input;
  const { press } = readPress(flags.press);
  const { columns, row, recordNo } = await shownRow(flags, input);
  const { fonts, fontChains, markTypeface } = readFonts(flags.font);
  const opened = new Map(fonts.map(({ name, bytes }) => [name, openTypeface(name, bytes)]));
  const chains = new Map(
    Object.entries(fontChains).map(([name, chain]) => [name, chain.map((part) => opened.get(part)!)]),
  );
  const { dotsPerInch, minDotsPerModule, bleedMm, maxInkPercent, minImageDpi } = press;
  const compiled = compileLayout(layout, {
    fonts: chains,
    artworks: new Map(input.artworks.map(({ name, bytes }) => [name, openArtwork(name, bytes)])),
    ...{ columns, dotsPerInch, minDotsPerModule, bleedMm, maxInkPercent, minImageDpi },
  });
  const svg = previewSvg(compiled, flags.side, row, recordNo, {
    ...(flags.layers !== undefined && { layers: flags.layers }),
    ...(flags.bleed === true && { bleedMm }),
    showTrim: flags.guides === true,
    showSafe: flags.guides === true,
    through: (face) => proofFace(face, layout, columns, [opened.get(markTypeface)!]),
  });
  const bytes = /\.png$/i.test(flags.out) ? await previewPng(svg, flags.dpi) : Buffer.from(svg);
  await writeOutput(flags.out, (file) => file.write(bytes));
  const lines = [...warningLines(compiled.warnings), `${flags.out} ${formatBytes(bytes.length)}`];
  process.stdout.write(`${lines.join('\n')}\n`);
}

interface ShownRow {
  readonly columns: readonly string[];
  readonly row: Row;
  readonly recordNo: number;
}

async function shownRow(
  { records, record, encoding }: PreviewFlags,
  { layout }: LayoutInput,
): Promise<ShownRow> {
  if (records === undefined) {
    const columns = Object.keys(layout.fields ?? {});
    return { columns, row: dummyRow(layout, columns, 0), recordNo: 1 };
  }
  const source = await readRecords({ records, range: String(record), encoding }, layout.fields);
  for await (const [row] of source.batches()) {
    if (row !== undefined) return { columns: source.columns, row, recordNo: record };
  }
  throw new Refusal('records-none', `record ${record}`);
}
