import { createCode128Encoder } from '../code/code-128.ts';
import { createDataMatrixEncoder } from '../code/data-matrix.ts';
import type { Modules } from '../code/modules.ts';
import { createQrEncoder } from '../code/qr.ts';
import { fitSymbol } from '../code/sizing.ts';
import { ptPerMm } from '../draw/pen.ts';
import type { Box, Page, Symbology } from './page.ts';

/** Narrower bars are not read across a store: 0.25 mm are two dots at 203 dpi, three at 300. */
const smallestModuleMm = { code128: 0.25, qr: 0.375, datamatrix: 0.375 } as const;
/** Wider modules only cost room: GS1's range for bars on labels of logistics ends at 0.94 mm (General Specifications, 5.12). */
const largestModuleMm = { code128: 0.94, qr: 1.5, datamatrix: 1.5 } as const;
const mmAnInch = 25.4;

const encoders: Readonly<Record<Symbology, { encode(text: string): Modules }>> = {
  code128: createCode128Encoder(),
  qr: createQrEncoder({ level: 'M' }),
  datamatrix: createDataMatrixEncoder(),
};

/**
 * Draws a symbol centred in its box with its quiet zone inside, each module a whole number of printer dots and its corner
 * on the dot grid. Bars of Code 128 are as high as the box.
 * @throws Refusal `code-too-small` where the smallest readable module does not fit, and those of room `code`.
 */
export function drawSymbol(page: Page, symbology: Symbology, value: string, at: string, box: Box): void {
  // The encoder writes into the same bytes again, while a page may hold several symbols.
  const encoded = encoders[symbology].encode(value);
  const modules = { ...encoded, bits: encoded.bits.slice() };
  const { dotsPerInch } = page;
  const dotsPerMm = dotsPerInch / mmAnInch;
  const rules = { dotsPerInch, minDots: Math.round(smallestModuleMm[symbology] * dotsPerMm) };
  const fitting = fitSymbol(modules, box, rules, { recordNo: page.typesetter.recordNo, at });
  const moduleDots = Math.min(fitting.moduleDots, Math.floor(largestModuleMm[symbology] * dotsPerMm));
  const boxHeightDots = Math.floor(box.heightMm * dotsPerMm);
  const rowDots = modules.height === 1 ? boxHeightDots : moduleDots;
  const slackXDots = Math.floor(box.widthMm * dotsPerMm) - modules.width * moduleDots;
  const slackYDots = boxHeightDots - modules.height * rowDots;
  const leftDots = Math.round(box.xMm * dotsPerMm) + Math.floor(slackXDots / 2);
  const topDots = Math.round(box.yMm * dotsPerMm) + Math.floor(slackYDots / 2);
  const dotPt = ptPerMm / dotsPerMm;
  page.place({
    symbology,
    value,
    modules,
    moduleDots,
    rowDots,
    leftDots,
    topDots,
    x: leftDots * dotPt,
    y: page.size.heightMm * ptPerMm - (topDots + modules.height * rowDots) * dotPt,
    modulePt: moduleDots * dotPt,
    rowPt: rowDots * dotPt,
  });
}
