import { code128Widths } from '../code/code-128-widths.ts';
import type { Modules } from '../code/modules.ts';
import { ptPerMm } from '../draw/pen.ts';
import { DotPen } from './dot-pen.ts';
import type { PlannedPaper } from './flow.ts';
import { Page, type PlacedCode } from './page.ts';
import type { Typesetter } from './text.ts';
import { graphicFields } from './zpl-graphic.ts';

export type ZplDpi = 203 | 300 | 600;

export interface ZplOptions {
  readonly dotsPerInch: ZplDpi;
  /**
   * `native` leaves symbols to the printer (^BC, ^BQ, ^BX); `bitmap` sends their dots, for printers that emulate ZPL and
   * choose other versions of a QR code, or place it elsewhere.
   */
  readonly codes: 'native' | 'bitmap';
}

/** A head of 203 dpi has 8 dots a millimetre. */
export function trueDpi(dotsPerInch: number): number {
  return dotsPerInch === 203 ? 203.2 : dotsPerInch;
}

/**
 * One ^XA…^XZ for each page. All text is drawn as graphics: most printers have no Chinese font, and so no text of the data
 * is ever in a field that a printer could read as a command. Symbols' data is escaped by ^FH.
 */
export function zplOf(paper: PlannedPaper, typesetter: Typesetter, options: ZplOptions): string {
  const dotsPerInch = trueDpi(options.dotsPerInch);
  return paper.pages
    .map((draw) => {
      const pen = new DotPen(paper.widthMm * ptPerMm, paper.heightMm * ptPerMm, dotsPerInch / 72);
      const fields: string[] = [];
      const placeCode = (code: PlacedCode): void => {
        const field = options.codes === 'native' ? symbolField(code) : undefined;
        if (field === undefined) pen.modules(code.modules, code.x, code.y, code.modulePt, code.rowPt);
        else fields.push(field);
      };
      draw(new Page({ pen, dotsPerInch, placeCode }, paper, typesetter));
      const { widthDots, heightDots } = pen.bitmap;
      const start = `^XA\n^CI28\n^PW${widthDots}\n^LL${heightDots}\n^LH0,0\n^PON\n`;
      return `${start}${graphicFields(pen.bitmap)}${fields.join('')}^PQ1\n^XZ\n`;
    })
    .join('');
}

/** Undefined for what a printer could not draw as it stands here: then it is sent as dots. */
function symbolField(code: PlacedCode): string | undefined {
  const { symbology, value, moduleDots, rowDots, leftDots, topDots } = code;
  if (!/^[ -~]+$/u.test(value)) return undefined;
  if (symbology === 'code128') {
    const spelled = spellCode128(code.modules);
    if (moduleDots > 10 || spelled === undefined) return undefined;
    return `^FO${leftDots},${topDots}^BY${moduleDots}^BCN,${rowDots},N,N,N,N^FH_^FD${escaped(spelled)}^FS\n`;
  }
  if (symbology === 'datamatrix') {
    // ~ and _ begin control sequences in Data Matrix fields, by firmware.
    if (/[~_]/u.test(value)) return undefined;
    return `^FO${leftDots},${topDots}^BXN,${moduleDots},200^FH_^FD${escaped(value)}^FS\n`;
  }
  // The bars' height of ^BY, which outlives a label, shifts a QR code downwards: it is set to one dot and taken off.
  if (moduleDots > 10 || topDots < 1) return undefined;
  return `^FO${leftDots},${topDots - 1}^BY2,3,1^BQN,2,${moduleDots}^FH_^FDMA,${escaped(value)}^FS\n`;
}

/** Field data for ^FH_: all but plain letters, digits and a few signs as _ and two hexadecimal digits of UTF-8. */
export function escaped(value: string): string {
  return value.replaceAll(/[^0-9A-Za-z ./:>;,-]/gu, (character) =>
    Buffer.from(character).toString('hex').toUpperCase().replaceAll(/../gu, '_$&'),
  );
}

const values = new Map(code128Widths.map((widths, value) => [widths, value]));
const toC = 99;
const toB = 100;
const toA = 101;
const invoked: Readonly<Record<string, string>> = { '>': '>0', '^': '><', '~': '>=' };

/**
 * A Code 128 symbol spelled in ZPL's invocation codes (Programming Guide, ^BC, mode N), so that the printer makes the
 * symbol that was measured and no longer one. Set A, which ZPL wants as pairs of digits, is spelled as B: up to the
 * underscore they are one. Undefined for control characters, shifts and function characters.
 */
export function spellCode128({ width, bits }: Modules): string | undefined {
  const symbols = (width - 13) / 11;
  const [start, ...rest] = Array.from(
    { length: symbols },
    (_, index) => values.get(widthsAt(bits, index * 11))!,
  );
  let inC = start === 105;
  let inA = start === 103;
  let spelled = inC ? '>;' : '>:';
  for (const value of rest.slice(0, -1)) {
    const isChange = inC ? value === toB || value === toA : value === toC || value === (inA ? toB : toA);
    if (isChange) {
      if (value === toC || inC) spelled += value === toC ? '>5' : '>6';
      inC = value === toC;
      inA = value === toA;
    } else if (value >= (inC ? 100 : inA ? 64 : 95)) return undefined;
    else if (inC) spelled += String(value).padStart(2, '0');
    else spelled += invoked[String.fromCharCode(value + 32)] ?? String.fromCharCode(value + 32);
  }
  return spelled;
}

function widthsAt(bits: Uint8Array, from: number): string {
  const dark = (module: number): number => ((bits[module >> 3]! << (module & 7)) & 0x80) >> 7;
  let widths = '';
  let run = 1;
  for (let module = from + 1; module < from + 11; module++)
    if (dark(module) === dark(module - 1)) run += 1;
    else {
      widths += run;
      run = 1;
    }
  return widths + run;
}
