import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ink, SpotInk } from '../../src/draw/ink.ts';
import { type Box, PdfFile, type PdfFileOptions } from '../../src/pdf/file.ts';
import type { CodeDrawing } from '../../src/pdf/module-drawing.ts';
import { openOutputIntent } from '../../src/pdf/output-intent.ts';
import { PdfPen } from '../../src/pdf/pen.ts';
import { PdfResources, type ResourceLists } from '../../src/pdf/resources.ts';
import { type WrittenResources, writeResources } from '../../src/pdf/write-resources.ts';

export const profileFile = new URL('../../icc/cardwright-fogra39l-coated.icc', import.meta.url);
export const outputIntent = openOutputIntent(readFileSync(profileFile), 'FOGRA39');

export const facts: PdfFileOptions = {
  title: '礼品卡 Gift cards',
  createdAt: '2026-11-24T09:30:00+08:00',
  documentId: '0123456789abcdef0123456789abcdef',
  producerVersion: '0.1.0',
  outputIntent,
};

export const black: Ink = { kind: 'cmyk', cmyk: [0, 0, 0, 1] };
export const scratch: SpotInk = { name: 'Scratch 刮刮层', cmyk: [0, 0, 0, 0.6] };

/** CR80 with 1.5 mm of bleed on every side, in points. */
export const cardBox: Box = [0, 0, 251.15, 161.52];
export const cardTrim: Box = [4.252, 4.252, 246.898, 157.268];

export interface SamplePages {
  readonly file: PdfFile;
  readonly pen: PdfPen;
  readonly resources: WrittenResources;
  /** Adds what the pen has drawn as a page of the size of a card, or of `box`. */
  addPage(box?: Box): void;
}

/** A whole PDF in memory: `draw` makes its pages. */
export async function pdfOf(
  draw: (pages: SamplePages) => void,
  options: { lists?: ResourceLists; codes?: CodeDrawing; facts?: PdfFileOptions } = {},
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const file = new PdfFile({ write: (chunk) => void chunks.push(chunk) }, options.facts ?? facts);
  const shared = new PdfResources(options.lists ?? { spots: [scratch] });
  const resources = writeResources(file, shared);
  const pen = new PdfPen(shared, { codes: options.codes ?? 'mask' });
  draw({
    file,
    pen,
    resources,
    addPage(box) {
      file.addPage({
        mediaBox: box ?? cardBox,
        bleedBox: box ?? cardBox,
        trimBox: box ?? cardTrim,
        content: pen.bytes(),
        isDeflated: false,
        resources: resources.dictionary,
      });
      pen.reset();
    },
  });
  await file.finish();
  return Buffer.concat(chunks);
}

/** Runs `use` with a folder that is removed afterwards. */
export function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'cardwright-pdf-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Throws with qpdf's words where the file has an error or a warning. */
export function checkWithQpdf(pdf: Uint8Array): string {
  return inFolder((folder) => {
    writeFileSync(join(folder, 'a.pdf'), pdf);
    return execFileSync('qpdf', ['--check', join(folder, 'a.pdf')], { encoding: 'utf8', stdio: 'pipe' });
  });
}
