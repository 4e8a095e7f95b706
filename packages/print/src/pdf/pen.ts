import type { Modules } from '../code/modules.ts';
import type { Ink } from '../draw/ink.ts';
import type { Matrix, Pen } from '../draw/pen.ts';
import type { Typeface } from '../font/typeface.ts';
import type { Artwork } from '../image/artwork.ts';
import { ContentBuffer } from './content-buffer.ts';
import { InkCompiler, type InkOperators, overprintOff, overprintOn } from './ink-operators.ts';
import { type CodeDrawing, RectangleWriter, writeMask } from './module-drawing.ts';
import { writePath } from './path-operators.ts';
import type { PdfResources } from './resources.ts';

export interface PdfPenOptions {
  readonly codes: CodeDrawing;
}

/** What is being drawn: a page begins with PDF's defaults, a form with whatever its page has set. */
export type Drawing = 'page' | 'form';

/**
 * Draws into the content stream of a page or a form. One pen serves any number of drawings: `reset`, draw, take
 * `bytes()`. It remembers what the stream has set already (ink, overprint, typeface, spacing) and never repeats it.
 */
export class PdfPen implements Pen {
  readonly #resources: PdfResources;
  readonly #inks: InkCompiler;
  readonly #codes: CodeDrawing;
  readonly #buffer = new ContentBuffer();
  readonly #rectangles = new RectangleWriter();
  readonly #usedGlyphs: readonly Uint8Array<ArrayBuffer>[];
  /** What the next operation shall be drawn with. */
  #ink: InkOperators | undefined;
  /** What the stream has set so far; `undefined` or -1 where that is not known. */
  #fill: InkOperators | undefined;
  #stroke: InkOperators | undefined;
  #isOverprinting: boolean | undefined;
  #font = -1;
  #sizePt = -1;
  #spacingPt = -1;
  #lineWidthPt = -1;
  #typeface: Typeface | undefined;
  #typefaceIndex = -1;

  constructor(resources: PdfResources, { codes }: PdfPenOptions) {
    this.#resources = resources;
    this.#inks = new InkCompiler(resources);
    this.#codes = codes;
    this.#usedGlyphs = emptyBitsets(resources);
    this.reset();
  }

  /** Begins an empty drawing. Used glyphs stay. */
  reset(drawing: Drawing = 'page'): void {
    this.#buffer.clear();
    this.#ink = undefined;
    this.#fill = undefined;
    this.#stroke = undefined;
    this.#font = -1;
    this.#lineWidthPt = -1;
    this.#isOverprinting = drawing === 'page' ? false : undefined;
    this.#spacingPt = drawing === 'page' ? 0 : Number.NaN;
  }

  /** The content stream so far, without a copy: good until the next call. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.bytes();
  }

  /** One bitset a typeface, in the order of the resources' typefaces; bit g & 7 of byte g >> 3 stands for glyph g. */
  get usedGlyphs(): readonly Uint8Array<ArrayBuffer>[] {
    return this.#usedGlyphs;
  }

  /** Empties the bitsets; what was in them, ascending, a list for each typeface: short, as it goes to another thread. */
  takeUsedGlyphs(): Uint16Array<ArrayBuffer>[] {
    return this.#usedGlyphs.map((bits) => {
      const glyphs = glyphsIn(bits);
      bits.fill(0);
      return glyphs;
    });
  }

  ink(ink: Ink): void {
    this.#ink = this.#inks.operatorsOf(ink);
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.#ensureFill();
    this.#writeBox(x, y, width, height);
    this.#buffer.ascii('re f\n');
  }

  path(data: string): void {
    this.#ensureFill();
    writePath(this.#buffer, data);
    this.#buffer.ascii('f\n');
  }

  line(x1: number, y1: number, x2: number, y2: number, widthPt: number): void {
    this.#ensureStroke();
    const buffer = this.#buffer;
    if (widthPt !== this.#lineWidthPt) {
      buffer.number(widthPt);
      buffer.ascii('w\n');
      this.#lineWidthPt = widthPt;
    }
    buffer.number(x1);
    buffer.number(y1);
    buffer.ascii('m ');
    buffer.number(x2);
    buffer.number(y2);
    buffer.ascii('l S\n');
  }

  text(
    typeface: Typeface,
    sizePt: number,
    x: number,
    y: number,
    glyphs: readonly number[],
    spacingPt: number,
  ): void {
    if (glyphs.length === 0) return;
    this.#ensureFill();
    const buffer = this.#buffer;
    buffer.ascii('BT ');
    this.#setFont(typeface, sizePt, spacingPt);
    buffer.number(x);
    buffer.number(y);
    buffer.ascii('Td(');
    const used = this.#usedGlyphs[this.#font]!;
    for (let at = 0; at < glyphs.length; at++) {
      const glyph = glyphs[at]!;
      if (!(glyph >= 0 && glyph >> 3 < used.length))
        throw new RangeError(`${typeface.name}: no glyph ${glyph}`);
      used[glyph >> 3]! |= 1 << (glyph & 7);
      this.#writeStringByte(glyph >> 8);
      this.#writeStringByte(glyph & 0xff);
    }
    buffer.ascii(')Tj ET\n');
  }

  modules(code: Modules, x: number, y: number, moduleWidthPt: number, moduleHeightPt: number): void {
    this.#ensureFill();
    const isMask = this.#codes === 'mask';
    this.#begin(
      isMask ? moduleWidthPt * code.width : moduleWidthPt,
      isMask ? moduleHeightPt * code.height : moduleHeightPt,
      x,
      y,
    );
    if (isMask) writeMask(this.#buffer, code);
    else this.#rectangles.write(this.#buffer, code);
    this.#buffer.ascii('Q\n');
  }

  artwork(artwork: Artwork, x: number, y: number, width: number, height: number): void {
    // An image has its own colours, but overprint would let what lies below shine through them.
    this.#setOverprint(false);
    this.#begin(width, height, x, y);
    this.#buffer.ascii(`/I${this.#resources.artworkIndex(artwork)} Do Q\n`);
  }

  /** Shows a form of the document's resources, in the coordinates that are set. */
  drawForm(form: string): void {
    this.#buffer.ascii(`/X${this.#resources.formIndex(form)} Do\n`);
  }

  within(matrix: Matrix, draw: () => void, clip?: readonly [number, number, number, number]): void {
    const buffer = this.#buffer;
    const ink = this.#ink;
    const fill = this.#fill;
    const stroke = this.#stroke;
    const isOverprinting = this.#isOverprinting;
    const font = this.#font;
    const sizePt = this.#sizePt;
    const spacingPt = this.#spacingPt;
    const lineWidthPt = this.#lineWidthPt;
    buffer.ascii('q ');
    for (let at = 0; at < 4; at++) buffer.factor(matrix[at]!);
    buffer.number(matrix[4]);
    buffer.number(matrix[5]);
    buffer.ascii('cm\n');
    if (clip) {
      this.#writeBox(clip[0], clip[1], clip[2], clip[3]);
      buffer.ascii('re W n\n');
    }
    this.#ink = undefined;
    draw();
    buffer.ascii('Q\n');
    this.#ink = ink;
    this.#fill = fill;
    this.#stroke = stroke;
    this.#isOverprinting = isOverprinting;
    this.#font = font;
    this.#sizePt = sizePt;
    this.#spacingPt = spacingPt;
    this.#lineWidthPt = lineWidthPt;
  }

  #begin(scaleX: number, scaleY: number, x: number, y: number): void {
    const buffer = this.#buffer;
    buffer.ascii('q ');
    buffer.factor(scaleX);
    buffer.ascii('0 0 ');
    buffer.factor(scaleY);
    buffer.number(x);
    buffer.number(y);
    buffer.ascii('cm\n');
  }

  #writeBox(x: number, y: number, width: number, height: number): void {
    const buffer = this.#buffer;
    buffer.number(x);
    buffer.number(y);
    buffer.number(width);
    buffer.number(height);
  }

  #ensureFill(): void {
    const ink = this.#inkToUse();
    if (ink !== this.#fill) {
      this.#buffer.raw(ink.fill);
      this.#fill = ink;
    }
    this.#setOverprint(ink.isOverprinting);
  }

  #ensureStroke(): void {
    const ink = this.#inkToUse();
    if (ink !== this.#stroke) {
      this.#buffer.raw(ink.stroke);
      this.#stroke = ink;
    }
    this.#setOverprint(ink.isOverprinting);
  }

  #inkToUse(): InkOperators {
    if (!this.#ink) throw new Error('nothing can be drawn before an ink is set');
    return this.#ink;
  }

  #setOverprint(isOverprinting: boolean): void {
    if (isOverprinting === this.#isOverprinting) return;
    this.#buffer.ascii(isOverprinting ? `${overprintOn} gs\n` : `${overprintOff} gs\n`);
    this.#isOverprinting = isOverprinting;
  }

  #setFont(typeface: Typeface, sizePt: number, spacingPt: number): void {
    const buffer = this.#buffer;
    if (typeface !== this.#typeface) {
      this.#typefaceIndex = this.#resources.fontIndex(typeface);
      this.#typeface = typeface;
    }
    if (this.#typefaceIndex !== this.#font || sizePt !== this.#sizePt) {
      buffer.ascii('/F');
      buffer.integer(this.#typefaceIndex);
      buffer.number(sizePt);
      buffer.ascii('Tf ');
      this.#font = this.#typefaceIndex;
      this.#sizePt = sizePt;
    }
    if (spacingPt !== this.#spacingPt) {
      buffer.number(spacingPt);
      buffer.ascii('Tc ');
      this.#spacingPt = spacingPt;
    }
  }

  /** A byte of a literal string: parentheses, backslash and carriage return are escaped (ISO 32000-1, 7.3.4.2). */
  #writeStringByte(byte: number): void {
    if (byte === 0x28 || byte === 0x29 || byte === 0x5c) {
      this.#buffer.byte(0x5c);
      this.#buffer.byte(byte);
    } else if (byte === 0x0d) {
      this.#buffer.ascii('\\r');
    } else {
      this.#buffer.byte(byte);
    }
  }
}

function glyphsIn(bits: Uint8Array): Uint16Array<ArrayBuffer> {
  const glyphs: number[] = [];
  for (let byte = 0; byte < bits.length; byte++) {
    for (let rest = bits[byte]!, glyph = byte << 3; rest !== 0; rest >>= 1, glyph++)
      if (rest & 1) glyphs.push(glyph);
  }
  return Uint16Array.from(glyphs);
}

function emptyBitsets({ typefaces }: PdfResources): Uint8Array<ArrayBuffer>[] {
  return typefaces.map(({ name, glyphCount }) => {
    if (glyphCount > 0x10000) throw new RangeError(`${name}: codes of two bytes reach 65,536 glyphs`);
    return new Uint8Array((glyphCount + 7) >> 3);
  });
}
