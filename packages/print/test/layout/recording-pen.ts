import type { Ink } from '../../src/draw/ink.ts';
import type { Pen } from '../../src/draw/pen.ts';

export interface DrawnText {
  readonly text: string;
  readonly typeface: string;
  readonly sizePt: number;
  readonly x: number;
  readonly y: number;
}

export interface DrawnModules {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly quiet: number;
  readonly moduleWidthPt: number;
  readonly moduleHeightPt: number;
}

/** Notes what is drawn, in order. Texts are those of a `squareTypeface`. */
export class RecordingPen implements Pen {
  readonly calls: string[] = [];
  readonly texts: DrawnText[] = [];
  readonly codes: DrawnModules[] = [];
  readonly inks: Ink[] = [];

  ink(ink: Ink): void {
    this.inks.push(ink);
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.calls.push(`rect ${[x, y, width, height].map((n) => n.toFixed(2)).join(' ')}`);
  }

  path(): void {
    this.calls.push('path');
  }

  line(): void {
    this.calls.push('line');
  }

  text(typeface: { name: string }, sizePt: number, x: number, y: number, glyphs: readonly number[]): void {
    const text = String.fromCodePoint(...glyphs);
    this.texts.push({ text, typeface: typeface.name, sizePt, x, y });
    this.calls.push(`text ${text}`);
  }

  modules(
    { width, height, quiet }: { width: number; height: number; quiet: number },
    x: number,
    y: number,
    moduleWidthPt: number,
    moduleHeightPt: number,
  ): void {
    this.codes.push({ x, y, width, height, quiet, moduleWidthPt, moduleHeightPt });
    this.calls.push('modules');
  }

  artwork({ name }: { name: string }): void {
    this.calls.push(`artwork ${name}`);
  }

  within(_matrix: unknown, draw: () => void): void {
    this.calls.push('within');
    draw();
  }
}
