import type { Modules } from '../../src/code/modules.ts';
import type { Ink } from '../../src/draw/ink.ts';
import type { Matrix, Pen } from '../../src/draw/pen.ts';
import type { Typeface } from '../../src/font/typeface.ts';
import type { Box } from '../../src/imposition/geometry.ts';

/** One thing on the page: where, in which ink, and what. */
export interface Marked {
  readonly kind: 'rect' | 'path' | 'line' | 'text' | 'modules';
  readonly box: Box;
  readonly ink: Ink | undefined;
  readonly text?: string;
  /** Of a symbol, on the page. */
  readonly moduleWidthPt?: number;
}

/** A typeface whose glyphs are the code points, each half an em wide; it lacks private use. */
export const plainTypeface: Typeface = {
  name: 'plain',
  glyphCount: 0x110000,
  ascent: 800,
  descent: -200,
  capHeight: 700,
  glyphOf: (codePoint) => (codePoint >= 0xe000 && codePoint < 0xf900 ? 0 : codePoint),
  advanceOf: () => 500,
  outlineOf: () => '',
};

/** Notes what is drawn, in page space. */
export class RecordingPen implements Pen {
  readonly marked: Marked[] = [];
  #matrix: Matrix = [1, 0, 0, 1, 0, 0];
  #ink: Ink | undefined;

  ink(ink: Ink): void {
    this.#ink = ink;
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.#note('rect', [x, y, x + width, y + height]);
  }

  path(data: string): void {
    const numbers = data.match(/-?[\d.]+(?:e-?\d+)?/g)!.map(Number);
    const xs = numbers.filter((_, index) => index % 2 === 0);
    const ys = numbers.filter((_, index) => index % 2 === 1);
    this.#note('path', [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]);
  }

  line(x1: number, y1: number, x2: number, y2: number, _widthPt: number): void {
    this.#note('line', [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)]);
  }

  text(typeface: Typeface, sizePt: number, x: number, y: number, glyphs: readonly number[]): void {
    const width = glyphs.reduce((sum, glyph) => sum + (typeface.advanceOf(glyph) * sizePt) / 1000, 0);
    const box: Box = [
      x,
      y + (typeface.descent * sizePt) / 1000,
      x + width,
      y + (typeface.ascent * sizePt) / 1000,
    ];
    this.#note('text', box, { text: String.fromCodePoint(...glyphs) });
  }

  modules(code: Modules, x: number, y: number, moduleWidthPt: number, moduleHeightPt: number): void {
    const box: Box = [x, y, x + code.width * moduleWidthPt, y + code.height * moduleHeightPt];
    this.#note('modules', box, { moduleWidthPt });
  }

  artwork(): void {
    throw new Error('marks have no pictures');
  }

  within([a, b, c, d, e, f]: Matrix, draw: () => void): void {
    const outer = this.#matrix;
    const [p, q, r, s, t, u] = outer;
    this.#matrix = [
      p * a + r * b,
      q * a + s * b,
      p * c + r * d,
      q * c + s * d,
      p * e + r * f + t,
      q * e + s * f + u,
    ];
    this.#ink = undefined;
    draw();
    this.#matrix = outer;
    this.#ink = undefined;
  }

  #note(
    kind: Marked['kind'],
    [x0, y0, x1, y1]: Box,
    more: Pick<Marked, 'text' | 'moduleWidthPt'> = {},
  ): void {
    const [a, b, c, d, e, f] = this.#matrix;
    const xs = [a * x0 + c * y0 + e, a * x1 + c * y1 + e];
    const ys = [b * x0 + d * y0 + f, b * x1 + d * y1 + f];
    const box: Box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    this.marked.push({ kind, box, ink: this.#ink, ...more });
  }
}
