import { Refusal } from '../refusal.ts';

/** A glyph within a composite glyph. */
export interface Component {
  readonly glyph: number;
  /** Where the glyph's number stands in the composite's data, for renumbering. */
  readonly at: number;
  readonly matrix: readonly [a: number, b: number, c: number, d: number];
  readonly dx: number;
  readonly dy: number;
}

const flagBits = {
  wordArguments: 0x1,
  argumentsAreOffsets: 0x2,
  scale: 0x8,
  more: 0x20,
  scaleXY: 0x40,
  matrix: 0x80,
  scaledOffset: 0x800,
} as const;

/**
 * The parts of a composite glyph. Where parts are aligned by points instead of offsets (no Chinese font does it) they are
 * drawn unmoved: previews alone are drawn from this.
 * @throws Refusal `font-unreadable`
 * @see OpenType 1.9.1, "glyf", composite glyph description
 */
export function readComponents(data: DataView): Component[] {
  try {
    return componentsIn(data);
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal('font-unreadable', 'a composite glyph is cut off');
    throw error;
  }
}

function componentsIn(data: DataView): Component[] {
  const components: Component[] = [];
  let at = 10;
  for (let flags: number = flagBits.more; flags & flagBits.more; ) {
    flags = data.getUint16(at);
    const glyphAt = at + 2;
    at += 4;
    const isWide = (flags & flagBits.wordArguments) !== 0;
    const [first, second] = isWide
      ? [data.getInt16(at), data.getInt16(at + 2)]
      : [data.getInt8(at), data.getInt8(at + 1)];
    at += isWide ? 4 : 2;
    const numbers =
      flags & flagBits.matrix ? 4 : flags & flagBits.scaleXY ? 2 : flags & flagBits.scale ? 1 : 0;
    const matrix = matrixAt(data, at, numbers);
    at += 2 * numbers;
    const isOffset = (flags & flagBits.argumentsAreOffsets) !== 0;
    const [a, b, c, d] = matrix;
    const isScaled = (flags & flagBits.scaledOffset) !== 0;
    components.push({
      glyph: data.getUint16(glyphAt),
      at: glyphAt,
      matrix,
      dx: isOffset ? first * (isScaled ? Math.hypot(a, b) : 1) : 0,
      dy: isOffset ? second * (isScaled ? Math.hypot(c, d) : 1) : 0,
    });
  }
  return components;
}

function matrixAt(data: DataView, at: number, numbers: number): readonly [number, number, number, number] {
  const read = (index: number): number => data.getInt16(at + 2 * index) / 0x4000;
  if (numbers === 4) return [read(0), read(1), read(2), read(3)];
  if (numbers === 2) return [read(0), 0, 0, read(1)];
  return numbers === 1 ? [read(0), 0, 0, read(0)] : [1, 0, 0, 1];
}
