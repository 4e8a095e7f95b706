import { ptPerMm } from '../draw/pen.ts';
import type { Typeface } from '../font/typeface.ts';
import { breakLines } from '../layout/line-breaks.ts';
import { Refusal } from '../refusal.ts';

/** Glyphs of one typeface; `widthPer1000` is the sum of their advances in thousandths of the type size. */
export interface ShapedRun {
  readonly typeface: Typeface;
  readonly glyphs: readonly number[];
  readonly widthPer1000: number;
}

/** A chain of typefaces as `FontStack` is one: refuses what it cannot draw. */
export interface Shaper {
  shape(text: string, recordNo: number, at: string): readonly ShapedRun[];
}

/** Typefaces of papers: `sans` for all text, `mono` for numbers that people compare digit by digit. */
export interface PaperFonts {
  readonly sans: Shaper;
  readonly mono: Shaper;
}

export interface TextStyle {
  readonly sizePt: number;
  /** Shrinks down to this before it is refused; no shrinking if absent. */
  readonly minSizePt?: number;
  /** 1 unless stated; as many as `maxHeightMm` holds where only that is stated. */
  readonly maxLines?: number;
  readonly maxHeightMm?: number;
  readonly align?: 'left' | 'centre' | 'right';
  readonly face?: keyof PaperFonts;
}

export interface FittedText {
  readonly sizePt: number;
  readonly lines: readonly FittedLine[];
}

export interface FittedLine {
  readonly runs: readonly ShapedRun[];
  readonly widthPt: number;
}

/** Line height as a multiple of the type size: Chinese needs air between lines. */
export const leading = 1.3;
const stepPt = 0.5;

type LineBreaker = (
  text: string,
  width: number,
  widthOf: (character: string) => number,
) => string[] | undefined;

/** Fits texts to widths without drawing: papers are measured before their first page, since page 1 says how many follow. */
export class Typesetter {
  readonly recordNo: number;
  readonly #fonts: PaperFonts;
  readonly #widths = { sans: new Map<string, number>(), mono: new Map<string, number>() };

  /** `recordNo` counts the papers of one file from 1; refusals name it. */
  constructor(fonts: PaperFonts, recordNo: number) {
    this.#fonts = fonts;
    this.recordNo = recordNo;
  }

  /**
   * Breaks a text into lines at the largest size at which it fits; words are cut only where no size keeps them whole.
   * `at` is the property that it shows.
   * @throws Refusal `paper-text-too-long`: nothing is cut off or runs over silently.
   */
  fit(text: string, at: string, widthMm: number, style: TextStyle): FittedText {
    const {
      sizePt: largest,
      minSizePt = largest,
      maxHeightMm = Number.POSITIVE_INFINITY,
      face = 'sans',
    } = style;
    const { maxLines = maxHeightMm === Number.POSITIVE_INFINITY ? 1 : Number.POSITIVE_INFINITY } = style;
    const linesAt = (sizePt: number): number =>
      Math.min(maxLines, Math.floor((maxHeightMm * ptPerMm) / (sizePt * leading)));
    if (text === '') return { sizePt: largest, lines: [] };
    const widthOf = (character: string): number => this.#widthOf(character, face, at);
    for (const breaker of maxLines === 1 ? [betweenWords] : [betweenWords, anywhere])
      for (let sizePt = largest; sizePt >= minSizePt; sizePt -= stepPt) {
        const lines = breaker(text, (widthMm * ptPerMm * 1000) / sizePt, widthOf);
        if (lines !== undefined && lines.length <= linesAt(sizePt))
          return { sizePt, lines: lines.map((line) => this.#shape(line, sizePt, face, at)) };
      }
    const most = linesAt(minSizePt);
    const lines = `${most} line${most === 1 ? '' : 's'} of ${widthMm.toFixed(0)} mm`;
    const detail = `${[...text].length} characters do not fit ${lines} at ${minSizePt} pt`;
    throw new Refusal('paper-text-too-long', detail, { recordNo: this.recordNo, at });
  }

  #shape(text: string, sizePt: number, face: keyof PaperFonts, at: string): FittedLine {
    const runs = this.#fonts[face].shape(text, this.recordNo, at);
    return { runs, widthPt: (runs.reduce((sum, run) => sum + run.widthPer1000, 0) * sizePt) / 1000 };
  }

  #widthOf(character: string, face: keyof PaperFonts, at: string): number {
    const known = this.#widths[face].get(character);
    if (known !== undefined) return known;
    const width = this.#shape(character, 1000, face, at).widthPt;
    this.#widths[face].set(character, width);
    return width;
  }
}

export const heightMmOf = (text: FittedText): number => (text.lines.length * text.sizePt * leading) / ptPerMm;

const betweenWords: LineBreaker = (text, width, widthOf) =>
  breakLines(text, width, widthOf)?.map(([start, end]) => text.slice(start, end));

/** For ids and hashes longer than a line. Undefined where even one character is wider than it. */
const anywhere: LineBreaker = (text, width, widthOf) => {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const character of text) {
    const next = widthOf(character);
    if (next > width) return undefined;
    if (used + next > width) {
      lines.push(line);
      [line, used] = ['', 0];
    }
    line += character;
    used += next;
  }
  return [...lines, line];
};
