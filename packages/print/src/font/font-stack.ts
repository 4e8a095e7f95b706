import { Refusal, type RefusalPlace } from '../refusal.ts';
import { isVariationSelector, type Obstacle, obstacleOf } from './drawable.ts';
import type { Typeface } from './typeface.ts';

/** Neighbouring glyphs of one typeface; the width is the sum of their advances in thousandths of the type size. */
export interface Run {
  readonly typeface: Typeface;
  readonly glyphs: readonly number[];
  readonly widthPer1000: number;
}

export interface ShapeOptions {
  /** Messages then name neither the character nor its code point. */
  readonly isSecret?: boolean;
}

/**
 * Typefaces in the order in which they are asked for a glyph. A character that none has is refused, never drawn as a box.
 *
 * A variation selector (U+FE00–FE0F, ideographic U+E0100–E01EF) after a character is passed over and the character drawn
 * in its usual form, as Unicode allows (The Unicode Standard, 23.4): names come with them from phones, and their forms
 * differ by a stroke. A selector with no character before it is refused.
 */
export class FontStack {
  readonly typefaces: readonly [Typeface, ...Typeface[]];

  constructor(...typefaces: readonly [Typeface, ...Typeface[]]) {
    this.typefaces = typefaces;
  }

  /**
   * The glyphs of a text. `recordNo` and `at` (the column or element) are for refusals; 0 where no record is meant.
   * @throws Refusal `text-glyph-missing`, `text-script-unsupported`
   */
  shape(text: string, recordNo: number, at: string, { isSecret = false }: ShapeOptions = {}): Run[] {
    const run = this.#inFirst(text);
    if (run !== undefined) return run.glyphs.length === 0 ? [] : [run];
    const where = { text, place: recordNo > 0 ? { recordNo, at } : { at }, isSecret };
    return this.#inAll(where);
  }

  /** Nearly every text: one typeface, no surrogates, no selectors. */
  #inFirst(text: string): Run | undefined {
    const [typeface] = this.typefaces;
    const glyphs = new Array<number>(text.length);
    let widthPer1000 = 0;
    for (let index = 0; index < text.length; index++) {
      const glyph = typeface.glyphOf(text.charCodeAt(index));
      if (glyph === 0) return undefined;
      glyphs[index] = glyph;
      widthPer1000 += typeface.advanceOf(glyph);
    }
    return { typeface, glyphs, widthPer1000 };
  }

  #inAll(where: Where): Run[] {
    const runs: { typeface: Typeface; glyphs: number[]; widthPer1000: number }[] = [];
    let index = 0;
    for (const character of where.text) {
      const codePoint = character.codePointAt(0)!;
      const typeface = this.typefaces.find((candidate) => candidate.glyphOf(codePoint) !== 0);
      if (typeface !== undefined) {
        if (runs.at(-1)?.typeface !== typeface) runs.push({ typeface, glyphs: [], widthPer1000: 0 });
        const run = runs.at(-1)!;
        const glyph = typeface.glyphOf(codePoint);
        run.glyphs.push(glyph);
        run.widthPer1000 += typeface.advanceOf(glyph);
      } else if (!isVariationSelector(codePoint) || !hasBase(where.text, index))
        throw refusalOf(where, index);
      index += character.length;
    }
    return runs;
  }
}

/** A selector belongs to the character right before it: two in a row are no sequence. */
function hasBase(text: string, index: number): boolean {
  if (index === 0) return false;
  const isPair = index >= 2 && /[\udc00-\udfff]/.test(text[index - 1]!);
  return !isVariationSelector(text.codePointAt(isPair ? index - 2 : index - 1)!);
}

interface Where {
  readonly text: string;
  readonly place: RefusalPlace;
  readonly isSecret: boolean;
}

const reasons: Readonly<Record<Obstacle, string>> = {
  combining: 'is a mark or part that joins another character',
  control: 'is a control or formatting character',
  replacement: 'stands for text that was lost in decoding',
  script: 'belongs to writing whose letters have to be joined or turned',
  unassigned: 'is no character of Unicode',
  selector: 'is a variation selector where none can be used',
};

/** Names the character of a text that cannot be drawn: its position from 1 and, unless secret, itself. */
export function refusalOf({ text, place, isSecret }: Where, index: number): Refusal {
  const codePoint = text.codePointAt(index)!;
  const obstacle = obstacleOf(codePoint);
  const position = `character ${[...text.slice(0, index)].length + 1}`;
  const which = isSecret ? position : `${position}, ${nameOf(codePoint, obstacle)}`;
  if (obstacle === undefined) return new Refusal('text-glyph-missing', which, place);
  return new Refusal('text-script-unsupported', isSecret ? which : `${which} ${reasons[obstacle]}`, place);
}

/** The character itself only where it can do no harm in a log or on a terminal. */
function nameOf(codePoint: number, obstacle: Obstacle | undefined): string {
  const number = `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
  return obstacle === undefined || obstacle === 'script'
    ? `${number} ${String.fromCodePoint(codePoint)}`
    : number;
}
