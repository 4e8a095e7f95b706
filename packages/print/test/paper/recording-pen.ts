import type { Modules } from '../../src/code/modules.ts';
import type { Pen } from '../../src/draw/pen.ts';
import type { Typeface } from '../../src/font/typeface.ts';
import { Page } from '../../src/paper/page.ts';
import { planPaper } from '../../src/paper/plan.ts';
import type { PaperKind } from '../../src/paper/schema.ts';
import { type PaperFonts, Typesetter } from '../../src/paper/text.ts';

/** In points; `what` for messages. */
export interface Mark {
  readonly what: 'text' | 'line' | 'code';
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
  readonly top: number;
}

/** Keeps the box of everything drawn: em boxes of texts, codes with their quiet zones. */
export class RecordingPen implements Pen {
  readonly marks: Mark[] = [];
  inked = false;

  ink(): void {
    this.inked = true;
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.marks.push({ what: 'line', left: x, bottom: y, right: x + width, top: y + height });
  }

  line(x1: number, y1: number, x2: number, y2: number, widthPt: number): void {
    const half = widthPt / 2;
    const [left, right] = [Math.min(x1, x2), Math.max(x1, x2)];
    const [bottom, top] = [Math.min(y1, y2), Math.max(y1, y2)];
    const isLevel = y1 === y2;
    this.marks.push({
      what: 'line',
      left: isLevel ? left : left - half,
      right: isLevel ? right : right + half,
      bottom: isLevel ? bottom - half : bottom,
      top: isLevel ? top + half : top,
    });
  }

  text(typeface: Typeface, sizePt: number, x: number, y: number, glyphs: readonly number[]): void {
    const width = glyphs.reduce((sum, glyph) => sum + typeface.advanceOf(glyph), 0);
    const right = x + (width * sizePt) / 1000;
    this.marks.push({ what: 'text', left: x, right, bottom: y - sizePt * 0.12, top: y + sizePt * 0.88 });
  }

  modules(code: Modules, x: number, y: number, moduleWidthPt: number, moduleHeightPt: number): void {
    const quietX = code.quiet * moduleWidthPt;
    const quietY = code.height === 1 ? 0 : code.quiet * moduleHeightPt;
    this.marks.push({
      what: 'code',
      left: x - quietX,
      right: x + code.width * moduleWidthPt + quietX,
      bottom: y - quietY,
      top: y + code.height * moduleHeightPt + quietY,
    });
  }

  path(): void {
    throw new Error('papers draw no paths');
  }

  artwork(): void {
    throw new Error('papers draw no pictures');
  }

  within(): void {
    throw new Error('papers draw without transformations');
  }
}

/** Every page of a paper as the boxes of what is on it. */
export function recordPages(
  kind: PaperKind,
  data: unknown,
  fonts: PaperFonts,
  dotsPerInch = 203.2,
): { readonly widthPt: number; readonly heightPt: number; readonly pages: readonly (readonly Mark[])[] } {
  const typesetter = new Typesetter(fonts, 1);
  const paper = planPaper(kind, data, typesetter);
  const pages = paper.pages.map((draw) => {
    const pen = new RecordingPen();
    const page = new Page(
      {
        pen,
        dotsPerInch,
        placeCode: (code) => pen.modules(code.modules, code.x, code.y, code.modulePt, code.rowPt),
      },
      paper,
      typesetter,
    );
    draw(page);
    return pen.marks;
  });
  return { widthPt: (paper.widthMm * 72) / 25.4, heightPt: (paper.heightMm * 72) / 25.4, pages };
}
