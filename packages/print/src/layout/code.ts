import { createCode128Encoder } from '../code/code-128.ts';
import { createDataMatrixEncoder } from '../code/data-matrix.ts';
import type { Modules } from '../code/modules.ts';
import { createQrEncoder } from '../code/qr.ts';
import { fitSymbol } from '../code/sizing.ts';
import { Refusal } from '../refusal.ts';
import { boxOf } from './box.ts';
import { boxInPoints, type Compiling, type DrawElement, inkOf, placeOf, textOf } from './compiling.ts';
import type { ElementOf } from './schema.ts';

/** Lower left corner of the symbol without its quiet zone, and a module, in points. */
interface SymbolPlace {
  readonly x: number;
  readonly y: number;
  readonly moduleWidthPt: number;
  readonly moduleHeightPt: number;
}

/**
 * Draws a code as large as its box allows with whole dots a module, in the middle of the box to the nearest dot. Symbols
 * of one size share their place, which is computed once. Refuses `code-too-small` and what the encoder refuses.
 */
export function compileCode(compiling: Compiling, element: ElementOf<'code'>): DrawElement {
  const { at } = compiling;
  const { fill } = textOf(compiling, element.value);
  const ink = inkOf(compiling.layout, element.ink);
  const encode = encoderOf(element);
  const places = new Map<number, SymbolPlace>();

  return (pen, row, recordNo) => {
    const code = encoded(encode, fill(row), at, recordNo);
    let place = places.get(code.width);
    if (place === undefined) {
      place = placeSymbol(compiling, element, code, recordNo);
      places.set(code.width, place);
    }
    pen.ink(ink);
    pen.modules(code, place.x, place.y, place.moduleWidthPt, place.moduleHeightPt);
  };
}

function encoderOf(element: ElementOf<'code'>): (text: string) => Modules {
  if (element.symbology === 'code128') return createCode128Encoder().encode;
  if (element.symbology === 'datamatrix') return createDataMatrixEncoder().encode;
  const { level = 'M', minVersion = 1 } = element;
  return createQrEncoder({ level, minVersion }).encode;
}

/** Encoders know of no records: the place is added to what they refuse. */
function encoded(encode: (text: string) => Modules, text: string, at: string, recordNo: number): Modules {
  try {
    return encode(text);
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal(error.code, error.detail, placeOf(at, recordNo));
    throw error;
  }
}

function placeSymbol(
  compiling: Compiling,
  element: ElementOf<'code'>,
  code: Modules,
  recordNo: number,
): SymbolPlace {
  const {
    dotsPerInch,
    minDotsPerModule: minDots,
    gridOffsetPt: [offsetX, offsetY] = [0, 0],
  } = compiling.resources;
  const boxMm = boxOf(element);
  const rules = minDots === undefined ? { dotsPerInch } : { dotsPerInch, minDots };
  const { moduleDots } = fitSymbol(code, boxMm, rules, placeOf(compiling.at, recordNo));
  const ptADot = 72 / dotsPerInch;
  const box = boxInPoints(compiling, boxMm);
  const middle = (from: number, to: number, dots: number): number =>
    Math.round((from + to) / 2 / ptADot - dots / 2 - roundingDots);
  const xDots = middle(box.left + offsetX, box.right + offsetX, code.width * moduleDots);
  const isLinear = code.height === 1;
  const heightDots = isLinear
    ? Math.floor((box.top - box.bottom) / ptADot + roundingDots)
    : code.height * moduleDots;
  const yDots = middle(box.bottom + offsetY, box.top + offsetY, heightDots);
  return {
    x: xDots * ptADot - offsetX,
    y: yDots * ptADot - offsetY,
    moduleWidthPt: moduleDots * ptADot,
    moduleHeightPt: isLinear ? heightDots * ptADot : moduleDots * ptADot,
  };
}

/** A middle exactly between two dots goes to the lower one, whatever the last bits of the sums are. */
const roundingDots = 1e-6;
