import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as mupdf from 'mupdf';
import type { PrintJob } from '../../src/run/print-run.ts';
import { inNewFolder, printed, recordsOf, sampleLayout, samplePress, sampleRecords } from '../run/jobs.ts';

/** Pages of a sample that have a picture: as few and as coarse as show every element and mark. */
export interface PicturedPages {
  readonly name: string;
  readonly dotsPerInch: number;
  /** From 1. */
  readonly pages: readonly number[];
  readonly file: string;
  readonly job: Omit<Parameters<typeof printed>[0], 'records'>;
  readonly recordCount: number;
}

const oneUp = samplePress('one-up-600dpi');
const card = { dotsPerInch: 96, file: '0001-print.pdf', recordCount: 1 };
const sheet = { dotsPerInch: 36, file: '0001-print.pdf' };

export const picturedPages: readonly PicturedPages[] = [
  { ...card, name: 'gift-card', pages: [1, 2], job: { layout: sampleLayout('gift-card'), press: oneUp } },
  { ...card, name: 'code-card', pages: [1, 2], job: { layout: sampleLayout('code-card'), press: oneUp } },
  { ...card, name: 'minimal', pages: [1], job: { layout: sampleLayout('minimal'), press: oneUp } },
  {
    ...{ ...card, name: 'gift-card-proof', pages: [1, 2] },
    job: { layout: sampleLayout('gift-card'), press: oneUp, isProof: true },
  },
  {
    ...{ ...sheet, name: 'gift-card-digital-sra3', pages: [1], recordCount: 13 },
    job: { layout: sampleLayout('gift-card'), press: samplePress('digital-sra3') },
  },
  {
    ...{ ...sheet, name: 'code-card-offset-8x3', pages: [1, 2], recordCount: 41 },
    job: { layout: sampleLayout('code-card'), press: samplePress('offset-8x3') },
  },
  {
    ...{
      ...sheet,
      name: 'code-card-offset-8x3-scratch',
      pages: [2],
      recordCount: 41,
      file: '0001-scratch.pdf',
    },
    job: { layout: sampleLayout('code-card'), press: samplePress('offset-8x3') },
  },
];

/** RGB, row by row from the top. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

export function pictureOf(png: Uint8Array): Picture {
  const pixmap = new mupdf.Image(png).toPixmap().convertToColorSpace(mupdf.ColorSpace.DeviceRGB, false);
  const [width, height, stride] = [pixmap.getWidth(), pixmap.getHeight(), pixmap.getStride()];
  const pixels = pixmap.getPixels();
  const rgb = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++)
    rgb.set(pixels.subarray(y * stride, y * stride + 3 * width), 3 * y * width);
  pixmap.destroy();
  return { width, height, rgb };
}

/** A page as PNG; `page` from 1. */
export type PageRenderer = (path: string, page: number, dotsPerInch: number) => Uint8Array;

/** Two that share no code, and no way of turning inks into light: each has pictures of its own. */
export const pageRenderers: Readonly<Record<'poppler' | 'mupdf', PageRenderer>> = {
  poppler: (path, page, dotsPerInch) =>
    execFileSync('pdftoppm', ['-png', '-r', `${dotsPerInch}`, '-f', `${page}`, '-l', `${page}`, path], {
      maxBuffer: 2 ** 26,
    }),
  mupdf: (path, page, dotsPerInch) => {
    const document = mupdf.Document.openDocument(path);
    const scale = mupdf.Matrix.scale(dotsPerInch / 72, dotsPerInch / 72);
    return document
      .loadPage(page - 1)
      .toPixmap(scale, mupdf.ColorSpace.DeviceRGB, false, true)
      .asPNG();
  },
};

export interface RenderedPage {
  /** Of the picture in `expected`. */
  readonly fileName: string;
  readonly png: Uint8Array;
}

/** The pages by both renderers; `changes` spoil the job where a test wants to see that it is noticed. */
export async function renderedPages(
  { name, dotsPerInch, pages, file, job, recordCount }: PicturedPages,
  changes: Partial<PrintJob> = {},
): Promise<RenderedPage[]> {
  const { columns, rows } = sampleRecords(recordCount);
  const run = await printed({ ...job, records: recordsOf(columns, rows), ...changes });
  return inNewFolder(async (folder) => {
    const path = join(folder, 'a.pdf');
    await writeFile(path, run.files.get(file)!);
    return pages.flatMap((page) =>
      Object.entries(pageRenderers).map(([renderer, render]) => ({
        fileName: `${name}-${page}-${renderer}.png`,
        png: render(path, page, dotsPerInch),
      })),
    );
  });
}

export const expectedPath = (fileName: string): string =>
  fileURLToPath(new URL(`./expected/${fileName}`, import.meta.url));
