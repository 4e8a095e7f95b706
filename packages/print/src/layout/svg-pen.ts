import type { Modules } from '../code/modules.ts';
import type { Ink } from '../draw/ink.ts';
import type { Matrix, Pen } from '../draw/pen.ts';
import type { Typeface } from '../font/typeface.ts';
import type { Artwork } from '../image/artwork.ts';
import { screenColour } from './screen-colour.ts';
import { screenPicture } from './screen-picture.ts';

/**
 * Draws SVG elements for a group whose y runs upwards (see `previewSvg`). Nothing of a record's text gets into the markup:
 * glyphs are outlines, so no font is needed and no text can break out. Overprint shows as multiplied colours.
 */
export class SvgPen implements Pen {
  readonly #idPrefix: string;
  #parts: string[] = [];
  #clips = 0;
  #fill = '';
  #stroke = '';

  /** Ids of clip paths begin with `idPrefix`: two drawings in one page need two. */
  constructor(idPrefix = 'card') {
    if (!/^[A-Za-z][\w-]*$/.test(idPrefix)) throw new RangeError('idPrefix: letters, digits, _ and - only');
    this.#idPrefix = idPrefix;
  }

  /** The elements drawn so far. */
  markup(): string {
    return this.#parts.join('\n');
  }

  ink(ink: Ink): void {
    const colour = screenColour(ink);
    const overprint = ink.kind === 'registration' || ink.overprint === true;
    const blend = overprint ? ' style="mix-blend-mode:multiply"' : '';
    this.#fill = `fill="${colour}"${blend}`;
    this.#stroke = `fill="none" stroke="${colour}"${blend}`;
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.#add(`<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" ${this.#fill}/>`);
  }

  path(data: string): void {
    if (/[^MLCZ\d\s,.eE+-]/.test(data))
      throw new SyntaxError('path data holds more than M L C Z and numbers');
    this.#add(`<path d="${data}" ${this.#fill}/>`);
  }

  line(x1: number, y1: number, x2: number, y2: number, widthPt: number): void {
    this.#add(
      `<path d="M${n(x1)} ${n(y1)}L${n(x2)} ${n(y2)}" stroke-width="${n(widthPt)}" ${this.#stroke}/>`,
    );
  }

  text(
    typeface: Typeface,
    sizePt: number,
    x: number,
    y: number,
    glyphs: readonly number[],
    spacingPt: number,
  ): void {
    const scale = sizePt / 1000;
    let left = x;
    for (const glyph of glyphs) {
      const outline = typeface.outlineOf(glyph);
      if (outline !== '')
        this.#add(
          `<path transform="${matrix([scale, 0, 0, scale, left, y])}" d="${pathData(outline)}" ${this.#fill}/>`,
        );
      left += typeface.advanceOf(glyph) * scale + spacingPt;
    }
  }

  modules(code: Modules, x: number, y: number, moduleWidthPt: number, moduleHeightPt: number): void {
    const place = matrix([moduleWidthPt, 0, 0, -moduleHeightPt, x, y + code.height * moduleHeightPt]);
    this.#add(
      `<path transform="${place}" shape-rendering="crispEdges" d="${darkRuns(code)}" ${this.#fill}/>`,
    );
  }

  artwork(artwork: Artwork, x: number, y: number, width: number, height: number): void {
    const box = `width="${n(width)}" height="${n(height)}" preserveAspectRatio="none"`;
    const place = matrix([1, 0, 0, -1, x, y + height]);
    this.#add(`<image transform="${place}" ${box} href="${screenPicture(artwork)}"/>`);
  }

  within(inner: Matrix, draw: () => void, clip?: readonly [number, number, number, number]): void {
    const [fill, stroke] = [this.#fill, this.#stroke];
    let clipped = '';
    if (clip !== undefined) {
      const id = `${this.#idPrefix}-clip-${++this.#clips}`;
      const [x, y, width, height] = clip.map(n);
      const area = `<rect x="${x}" y="${y}" width="${width}" height="${height}"/>`;
      this.#add(`<clipPath id="${id}">${area}</clipPath>`);
      clipped = ` clip-path="url(#${id})"`;
    }
    this.#add(`<g transform="${matrix(inner)}"${clipped}>`);
    this.#fill = this.#stroke = '';
    draw();
    this.#add('</g>');
    [this.#fill, this.#stroke] = [fill, stroke];
  }

  #add(part: string): void {
    this.#parts.push(part);
  }
}

/** Outlines come out of font files, which come from anywhere. */
function pathData(data: string): string {
  if (/[^MLQCZ\d\s,.e+-]/.test(data))
    throw new SyntaxError('path data holds more than M L Q C Z and numbers');
  return data;
}

/** A number of an attribute, to a ten-thousandth of a point. */
function n(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} in a drawing`);
  return String(Number(value.toFixed(4)));
}

const matrix = ([a, b, c, d, e, f]: Matrix): string =>
  `matrix(${[a, b, c, d].map((part) => Number(part.toFixed(7))).join(' ')} ${n(e)} ${n(f)})`;

/** Runs of dark modules, in modules, y downwards from the top. */
function darkRuns({ width, height, bits }: Modules): string {
  const rowBytes = Math.ceil(width / 8);
  let data = '';
  for (let row = 0; row < height; row++) {
    for (let from = 0; from < width; from++) {
      let to = from;
      while (to < width && ((bits[row * rowBytes + (to >> 3)] as number) >> (7 - (to & 7))) & 1) to++;
      if (to > from) data += `M${from} ${row}h${to - from}v1h${from - to}z`;
      from = Math.max(from, to);
    }
  }
  return data;
}
