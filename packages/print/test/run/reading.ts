import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as mupdf from 'mupdf';
import { prepareZXingModule, type ReadInputBarcodeFormat, readBarcodes } from 'zxing-wasm/reader';
import type { GreyPage } from '../pdf/render.ts';

const wasm = readFileSync(fileURLToPath(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm')));
prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } });

/** What of a page is asked for; pages are numbered from 0. */
export interface PageChoice {
  readonly first?: number;
  readonly step?: number;
  readonly end?: number;
}

/** Pages one after another, each gone when the next comes: a thousand at once would be gigabytes. */
function* pagesOf(pdf: Uint8Array, { first = 0, step = 1, end }: PageChoice): Generator<mupdf.Page> {
  const document = mupdf.Document.openDocument(pdf, 'application/pdf');
  const last = Math.min(end ?? Number.POSITIVE_INFINITY, document.countPages());
  for (let index = first; index < last; index += step) {
    const page = document.loadPage(index);
    yield page;
    page.destroy();
  }
  document.destroy();
}

/** As MuPDF draws them. */
export function* drawnPages(
  pdf: Uint8Array,
  dotsPerInch: number,
  choice: PageChoice = {},
): Generator<GreyPage> {
  const scale = mupdf.Matrix.scale(dotsPerInch / 72, dotsPerInch / 72);
  for (const page of pagesOf(pdf, choice)) {
    const pixmap = page.toPixmap(scale, mupdf.ColorSpace.DeviceGray, false, false);
    const [width, height, stride] = [pixmap.getWidth(), pixmap.getHeight(), pixmap.getStride()];
    const pixels = pixmap.getPixels();
    const grey = new Uint8Array(width * height);
    for (let y = 0; y < height; y++) grey.set(pixels.subarray(y * stride, y * stride + width), y * width);
    pixmap.destroy();
    yield { width, height, grey };
  }
}

/** As MuPDF extracts it: one text a page. */
export function textsOf(pdf: Uint8Array): string[] {
  return Array.from(pagesOf(pdf, {}), (page) => page.toStructuredText('').asText());
}

/** What one of poppler's tools writes. Throws where it has anything to complain of. */
function byPoppler(tool: 'pdftotext' | 'pdftoppm', options: readonly string[]): Buffer {
  const { status, stdout, stderr } = spawnSync(tool, options, { maxBuffer: 2 ** 30 });
  if (status !== 0 || stderr.length > 0)
    throw new Error(`${tool} ended with ${status}: ${stderr.toString().slice(0, 300)}`);
  return stdout;
}

/** As poppler extracts it from the first `pages` pages. */
export function textsByPoppler(path: string, pages: number): string[] {
  return byPoppler('pdftotext', ['-l', `${pages}`, path, '-'])
    .toString('utf8')
    .split('\f')
    .slice(0, -1);
}

export interface PlacedText {
  readonly text: string;
  /** Of its middle, from the page's upper left, in the renderer's units. */
  readonly x: number;
  readonly y: number;
}

/** Lines of text with their places, a list a page. */
export function placedTexts(pdf: Uint8Array): PlacedText[][] {
  return Array.from(pagesOf(pdf, {}), (page) => {
    const { blocks } = JSON.parse(page.toStructuredText('').asJSON()) as StructuredText;
    return blocks.flatMap(({ lines = [] }) =>
      lines.map(({ text, bbox: { x, y, w, h } }) => ({ text: text.trim(), x: x + w / 2, y: y + h / 2 })),
    );
  });
}

interface StructuredText {
  readonly blocks: readonly {
    readonly lines?: readonly {
      readonly text: string;
      readonly bbox: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    }[];
  }[];
}

/** What ZXing finds on a page, in no order. */
export async function codesOn(
  { width, height, grey }: GreyPage,
  format: ReadInputBarcodeFormat,
): Promise<PlacedText[]> {
  const pixels = new Uint32Array(grey.length);
  for (let at = 0; at < grey.length; at++) pixels[at] = 0xff000000 + 0x10101 * grey[at]!;
  const data = new Uint8ClampedArray(pixels.buffer);
  const image = { width, height, data, colorSpace: 'srgb' } as Parameters<typeof readBarcodes>[0];
  const found = await readBarcodes(image, { formats: [format], maxNumberOfSymbols: 255 });
  return found
    .filter(({ isValid }) => isValid)
    .map(({ text, position: { topLeft, bottomRight } }) => ({
      text,
      x: (topLeft.x + bottomRight.x) / 2,
      y: (topLeft.y + bottomRight.y) / 2,
    }));
}

/** The pages of a portable grey map as `pdftoppm` writes it to its output. */
export function pagesByPoppler(
  path: string,
  dotsPerInch: number,
  choice: readonly string[] = [],
): GreyPage[] {
  let rest = byPoppler('pdftoppm', ['-gray', '-r', `${dotsPerInch}`, ...choice, path]);
  const pages: GreyPage[] = [];
  while (rest.length > 0) {
    const header = /^P5\n(\d+) (\d+)\n255\n/.exec(rest.toString('latin1', 0, 50));
    if (!header) throw new Error('pdftoppm wrote no grey map');
    const [width, height] = [Number(header[1]), Number(header[2])];
    const end = header[0].length + width * height;
    pages.push({ width, height, grey: rest.subarray(header[0].length, end) });
    rest = rest.subarray(end);
  }
  return pages;
}

/**
 * Things that lie in a grid, row by row from the upper left: who is in which row and column is told by the other things
 * alone, not by the geometry of the sheet that made them.
 */
export function gridOf<T extends PlacedText>(
  things: readonly T[],
  columns: number,
  rows: number,
): (T | undefined)[][] {
  const [lefts, tops] = [
    levels(
      things.map(({ x }) => x),
      columns,
    ),
    levels(
      things.map(({ y }) => y),
      rows,
    ),
  ];
  const grid = Array.from({ length: rows }, () => new Array<T | undefined>(columns).fill(undefined));
  for (const thing of things) {
    const row = grid[nearest(tops, thing.y)]!;
    const column = nearest(lefts, thing.x);
    if (row[column] !== undefined) throw new Error(`${row[column].text} and ${thing.text} lie in one place`);
    row[column] = thing;
  }
  return grid;
}

/** The `count` places around which the values gather. */
function levels(values: readonly number[], count: number): number[] {
  const sorted = values.toSorted((one, other) => one - other);
  const gaps = sorted.slice(1).map((value, index) => ({ index, gap: value - sorted[index]! }));
  const cuts = gaps
    .toSorted((one, other) => other.gap - one.gap)
    .slice(0, count - 1)
    .map(({ index }) => index + 1)
    .toSorted((one, other) => one - other);
  const bounds = [0, ...cuts, sorted.length];
  return Array.from({ length: count }, (_, level) => {
    const part = sorted.slice(bounds[level], bounds[level + 1]);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}

function nearest(places: readonly number[], value: number): number {
  const distances = places.map((place) => Math.abs(place - value));
  return distances.indexOf(Math.min(...distances));
}
