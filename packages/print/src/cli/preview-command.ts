import { type Command, Option } from 'commander';
import { writeWholeFile } from '../file/whole-file.ts';
import { openTypeface } from '../font/open-typeface.ts';
import { openArtwork } from '../image/open.ts';
import { compileLayout } from '../layout/compile.ts';
import { dummyRow } from '../layout/dummy.ts';
import { previewPng, previewSvg } from '../layout/preview.ts';
import { proofFace } from '../layout/proof.ts';
import type { Layout } from '../layout/schema.ts';
import type { Side } from '../layout/sides.ts';
import type { Row } from '../records/record.ts';
import { Refusal } from '../refusal.ts';
import { readFonts, readLayout, readPress, readRecords } from './inputs.ts';
import { secretColumnsOf, warningLines } from './print-commands.ts';
import { formatBytes } from './progress.ts';

interface PreviewFlags {
  readonly layout: string;
  readonly press: string;
  readonly records?: string;
  readonly encoding?: string;
  readonly record: string;
  readonly side: Side;
  readonly out: string;
  readonly dpi: string;
  readonly font?: readonly string[];
  readonly layers?: readonly string[];
  readonly bleed?: boolean;
  readonly guides?: boolean;
}

export function addPreviewCommand(program: Command): void {
  program
    .command('preview')
    .description('预览 One side of one card as PNG or SVG, with dummies for every secret')
    .requiredOption('--layout <file>', '版面 layout: a JSON file, or sample:gift-card')
    .requiredOption('--out <file>', 'a .png or .svg file')
    .option('--press <file>', 'press profile: its dots decide the size of codes', 'sample:one-up-600dpi')
    .option(
      '--records <file>',
      'records to take the texts that are no secret from; the layout’s samples unless given',
    )
    .option('--encoding <name>', 'of a CSV file: utf-8, gb18030 or gbk', 'utf-8')
    .option('--record <n>', 'which record', '1')
    .addOption(new Option('--side <side>', 'front or back').choices(['front', 'back']).default('front'))
    .option('--dpi <n>', 'of the PNG', '300')
    .option('--font <name=file...>', 'fonts (.ttf) of your own by the name that the layout gives them')
    .option('--layers <names...>', 'only these layers')
    .option('--bleed', '出血 show the bleed around the card')
    .option('--guides', 'show trim and safe zone')
    .action(preview);
}

async function preview(flags: PreviewFlags): Promise<void> {
  const isPng = /\.png$/i.test(flags.out);
  if (!isPng && !/\.svg$/i.test(flags.out))
    throw new Refusal('option-unknown', `--out ${flags.out}: ends neither with .png nor with .svg`);
  const input = readLayout(flags.layout);
  const { layout } = input;
  const { press } = readPress(flags.press);
  const { columns, row, recordNo } = await shownRow(flags, layout, secretColumnsOf(input));
  const { fonts, fontChains, markTypeface } = readFonts(flags.font);
  const opened = new Map(fonts.map(({ name, bytes }) => [name, openTypeface(name, bytes)]));
  const chains = new Map(
    Object.entries(fontChains).map(([name, chain]) => [name, chain.map((part) => opened.get(part)!)]),
  );
  const compiled = compileLayout(layout, {
    fonts: chains,
    artworks: new Map(input.artworks.map(({ name, bytes }) => [name, openArtwork(name, bytes)])),
    columns,
    dotsPerInch: press.dotsPerInch,
    minDotsPerModule: press.minDotsPerModule,
    bleedMm: press.bleedMm,
    maxInkPercent: press.maxInkPercent,
    minImageDpi: press.minImageDpi,
  });
  const svg = previewSvg(compiled, flags.side, row, recordNo, {
    ...(flags.layers !== undefined && { layers: flags.layers }),
    ...(flags.bleed === true && { bleedMm: press.bleedMm }),
    showTrim: flags.guides === true,
    showSafe: flags.guides === true,
    through: (face) => proofFace(face, layout, columns, [opened.get(markTypeface)!]),
  });
  const bytes = isPng ? await previewPng(svg, Number(flags.dpi)) : Buffer.from(svg);
  await writeWholeFile(flags.out, bytes);
  process.stdout.write(
    `${[...warningLines(compiled.warnings), `${flags.out} ${formatBytes(bytes.length)}`].join('\n')}\n`,
  );
}

interface ShownRow {
  readonly columns: readonly string[];
  readonly row: Row;
  readonly recordNo: number;
}

async function shownRow(flags: PreviewFlags, layout: Layout, secrets: readonly string[]): Promise<ShownRow> {
  const { records } = flags;
  if (records === undefined) {
    const columns = Object.keys(layout.fields ?? {});
    return { columns, row: dummyRow(layout, columns, 0), recordNo: 1 };
  }
  const source = await readRecords({ records, range: flags.record, ...encodingOf(flags) }, secrets);
  for await (const rows of source.batches()) {
    const [row] = rows;
    if (row !== undefined) return { columns: source.columns, row, recordNo: Number(flags.record) };
  }
  throw new Refusal('records-none', `record ${flags.record}`);
}

const encodingOf = ({ encoding }: PreviewFlags): { encoding?: string } =>
  encoding === undefined ? {} : { encoding };
