import type { Modules } from '../code/modules.ts';
import { type Ink, k100 } from '../draw/ink.ts';
import { type Pen, ptPerMm } from '../draw/pen.ts';
import { type FittedText, leading, type TextStyle, type Typesetter } from './text.ts';

export type Symbology = 'code128' | 'qr' | 'datamatrix';

/**
 * A symbol on whole printer dots, counted from the page's top-left corner, and the same place as a `Pen` takes it: the
 * lower left corner in points.
 */
export interface PlacedCode {
  readonly symbology: Symbology;
  readonly value: string;
  readonly modules: Modules;
  readonly moduleDots: number;
  readonly leftDots: number;
  readonly topDots: number;
  /** Height of one row: the bars' for linear symbols. */
  readonly rowDots: number;
  readonly x: number;
  readonly y: number;
  readonly modulePt: number;
  readonly rowPt: number;
}

/** How a page reaches its medium. `placeCode` lets a label printer draw symbols itself. */
export interface PageMedium {
  readonly pen: Pen;
  readonly dotsPerInch: number;
  readonly placeCode: (code: PlacedCode) => void;
}

export interface PageSize {
  readonly widthMm: number;
  readonly heightMm: number;
}

/** Millimetres from the page's top-left corner, y downwards. */
export interface Box {
  readonly xMm: number;
  readonly yMm: number;
  readonly widthMm: number;
  readonly heightMm: number;
}

export const a4: PageSize = { widthMm: 210, heightMm: 297 };
const hair = 0.35;
/**
 * For label printers, whose drivers turn colours into RGB: black alone becomes a dark grey there, and dots are taken out of
 * the bars.
 */
const heatBlack: Ink = { kind: 'cmyk', cmyk: [1, 1, 1, 1] };
/** The ideographic em box lies from 0.12 em below the baseline to 0.88 em above it. */
const baselineShare = 0.88;

/** One page of a paper: text, rules and codes in millimetres, all in black. */
export class Page {
  readonly size: PageSize;
  readonly #medium: PageMedium;
  readonly typesetter: Typesetter;

  constructor(medium: PageMedium, size: PageSize, typesetter: Typesetter) {
    this.#medium = medium;
    this.size = size;
    this.typesetter = typesetter;
    medium.pen.ink(size.widthMm === a4.widthMm ? k100 : heatBlack);
  }

  get dotsPerInch(): number {
    return this.#medium.dotsPerInch;
  }

  /** Draws a text whose first line's box begins at `yMm`; returns the height it took in mm. `at` is its property. */
  text(value: string, at: string, place: Omit<Box, 'heightMm'>, style: TextStyle): number {
    return this.fitted(this.typesetter.fit(value, at, place.widthMm, style), place, style.align);
  }

  fitted(text: FittedText, place: Omit<Box, 'heightMm'>, align: TextStyle['align'] = 'left'): number {
    const { sizePt } = text;
    const left = place.xMm * ptPerMm;
    const widthPt = place.widthMm * ptPerMm;
    const lead = sizePt * leading;
    const top = (this.size.heightMm - place.yMm) * ptPerMm - (lead - sizePt) / 2 - sizePt * baselineShare;
    for (const [index, { runs, widthPt: lineWidth }] of text.lines.entries()) {
      const slack = widthPt - lineWidth;
      let x = left + (align === 'left' ? 0 : align === 'right' ? slack : slack / 2);
      for (const run of runs) {
        this.#medium.pen.text(run.typeface, sizePt, x, top - index * lead, run.glyphs, 0);
        x += (run.widthPer1000 * sizePt) / 1000;
      }
    }
    return (text.lines.length * lead) / ptPerMm;
  }

  /** A horizontal rule from `xMm` on, `widthMm` long. */
  rule(xMm: number, yMm: number, widthMm: number, weightPt = hair): void {
    const y = (this.size.heightMm - yMm) * ptPerMm;
    this.#medium.pen.line(xMm * ptPerMm, y, (xMm + widthMm) * ptPerMm, y, weightPt);
  }

  upright(xMm: number, yMm: number, heightMm: number, weightPt = hair): void {
    const top = (this.size.heightMm - yMm) * ptPerMm;
    this.#medium.pen.line(xMm * ptPerMm, top, xMm * ptPerMm, top - heightMm * ptPerMm, weightPt);
  }

  frame({ xMm, yMm, widthMm, heightMm }: Box, weightPt = hair): void {
    this.rule(xMm, yMm, widthMm, weightPt);
    this.rule(xMm, yMm + heightMm, widthMm, weightPt);
    this.upright(xMm, yMm, heightMm, weightPt);
    this.upright(xMm + widthMm, yMm, heightMm, weightPt);
  }

  place(code: PlacedCode): void {
    this.#medium.placeCode(code);
  }
}

/** A small caption, Chinese and English, above a value: the form's print beside the data's. */
export function captioned(
  page: Page,
  caption: string,
  value: string,
  at: string,
  place: Omit<Box, 'heightMm'>,
  style: TextStyle,
): number {
  const { align } = style;
  const captionStyle = { sizePt: 7, minSizePt: 5.5, ...(align === undefined ? {} : { align }) };
  const captionMm = page.text(caption, 'caption', place, captionStyle);
  return captionMm + page.text(value, at, { ...place, yMm: place.yMm + captionMm }, style);
}

/** 1234567 as 1,234,567. */
export function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/gu, ',');
}

/** Fen as yuan with two decimals: 10000 → 100.00. */
export function yuan(fen: number): string {
  return `${grouped(Math.floor(fen / 100))}.${String(fen % 100).padStart(2, '0')}`;
}
