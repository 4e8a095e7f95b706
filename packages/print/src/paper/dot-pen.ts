import type { Modules } from '../code/modules.ts';
import type { Matrix, Pen } from '../draw/pen.ts';
import type { Typeface } from '../font/typeface.ts';
import { type Bitmap, blacken, createBitmap, fillPolygons, type Polygons } from './bitmap.ts';
import { polygonsOf } from './outline.ts';

const polygonsOfFaces = new WeakMap<Typeface, Map<number, Polygons>>();

/** In units of the type. Kept, since labels repeat few glyphs, and cutting curves costs more than filling them. */
function unitPolygons(typeface: Typeface, glyph: number): Polygons {
  const known = polygonsOfFaces.get(typeface) ?? new Map<number, Polygons>();
  polygonsOfFaces.set(typeface, known);
  const polygons = known.get(glyph) ?? polygonsOf(typeface.outlineOf(glyph), (x, y) => [x, y]);
  known.set(glyph, polygons);
  return polygons;
}

/**
 * Draws on the dots of a label printer: black or nothing. Text comes from the outlines of the typeface, so that Chinese
 * prints on printers without a Chinese font. Knows no transformations and pictures, which labels do not use.
 */
export class DotPen implements Pen {
  readonly bitmap: Bitmap;
  readonly #dotsPerPt: number;
  readonly #heightDots: number;

  constructor(widthPt: number, heightPt: number, dotsPerPt: number) {
    this.#dotsPerPt = dotsPerPt;
    this.#heightDots = heightPt * dotsPerPt;
    this.bitmap = createBitmap(Math.round(widthPt * dotsPerPt), Math.round(heightPt * dotsPerPt));
  }

  ink(): void {}

  rect(x: number, y: number, width: number, height: number): void {
    const left = Math.round(x * this.#dotsPerPt);
    const top = Math.round(this.#heightDots - (y + height) * this.#dotsPerPt);
    const right = Math.max(left + 1, Math.round((x + width) * this.#dotsPerPt));
    const bottom = Math.max(top + 1, Math.round(this.#heightDots - y * this.#dotsPerPt));
    blacken(this.bitmap, left, top, right, bottom);
  }

  path(data: string): void {
    fillPolygons(
      this.bitmap,
      polygonsOf(data, (x, y) => this.#toDots(x, y)),
    );
  }

  line(x1: number, y1: number, x2: number, y2: number, widthPt: number): void {
    const half = widthPt / 2;
    if (y1 === y2) this.rect(Math.min(x1, x2), y1 - half, Math.abs(x2 - x1), widthPt);
    else if (x1 === x2) this.rect(x1 - half, Math.min(y1, y2), widthPt, Math.abs(y2 - y1));
    else throw new Error('labels have no slanting lines');
  }

  text(
    typeface: Typeface,
    sizePt: number,
    x: number,
    y: number,
    glyphs: readonly number[],
    spacingPt: number,
  ): void {
    const scale = (sizePt / 1000) * this.#dotsPerPt;
    const baseline = this.#heightDots - y * this.#dotsPerPt;
    let left = x * this.#dotsPerPt;
    for (const glyph of glyphs) {
      const polygons = unitPolygons(typeface, glyph).map((corners) =>
        corners.map((unit, index) => (index % 2 === 0 ? left + unit * scale : baseline - unit * scale)),
      );
      fillPolygons(this.bitmap, polygons);
      left += typeface.advanceOf(glyph) * scale + spacingPt * this.#dotsPerPt;
    }
  }

  modules(code: Modules, x: number, y: number, moduleWidthPt: number, moduleHeightPt: number): void {
    const rowBytes = Math.ceil(code.width / 8);
    for (let row = 0; row < code.height; row++)
      for (let column = 0; column < code.width; column++) {
        if (((code.bits[row * rowBytes + (column >> 3)]! << (column & 7)) & 0x80) === 0) continue;
        const bottom = y + (code.height - 1 - row) * moduleHeightPt;
        this.rect(x + column * moduleWidthPt, bottom, moduleWidthPt, moduleHeightPt);
      }
  }

  artwork(): void {
    throw new Error('labels have no pictures');
  }

  within(_matrix: Matrix, _draw: () => void): void {
    throw new Error('labels are drawn without transformations');
  }

  #toDots(x: number, y: number): readonly [number, number] {
    return [x * this.#dotsPerPt, this.#heightDots - y * this.#dotsPerPt];
  }
}
