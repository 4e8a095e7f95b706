import { damaged } from './damage.ts';
import type { PngHeader } from './png-chunks.ts';

/** Rows of packed samples, each after one byte for its filter, as in the stream of a PNG that is not interlaced. */
export interface PixelRows {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly bitsPerPixel: number;
  /** Bytes of a row, its filter's byte included. */
  readonly stride: number;
  readonly bytes: Buffer;
}

const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;

/** Start and step of the seven passes of Adam7 (ISO/IEC 15948, 8.2): x, y, across, down. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

interface Pass {
  readonly x: number;
  readonly y: number;
  readonly across: number;
  readonly down: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

export function bitsPerPixelOf({ colourType, bitDepth }: PngHeader): number {
  return channels[colourType] * bitDepth;
}

/** How long the data of a picture with this header are when inflated. */
export function inflatedBytes(header: PngHeader): number {
  const bits = bitsPerPixelOf(header);
  return passesOf(header).reduce((sum, pass) => sum + strideOf(pass.widthPx, bits) * pass.heightPx, 0);
}

/** Undoes the filters in place, and the interlacing. Throws `artwork-damaged` for a filter that does not exist. */
export function pixelRows(header: PngHeader, bytes: Buffer): PixelRows {
  const { widthPx, heightPx, interlaced } = header;
  const bits = bitsPerPixelOf(header);
  let at = 0;
  const parts = passesOf(header).map((pass) => {
    const stride = strideOf(pass.widthPx, bits);
    const part = bytes.subarray(at, at + stride * pass.heightPx);
    at += part.length;
    unfilter(part, stride, Math.max(1, bits >> 3));
    return { pass, rows: { ...pass, bitsPerPixel: bits, stride, bytes: part } };
  });
  if (!interlaced) return (parts[0] as (typeof parts)[number]).rows;
  const stride = strideOf(widthPx, bits);
  const whole = { widthPx, heightPx, bitsPerPixel: bits, stride, bytes: Buffer.alloc(stride * heightPx) };
  for (const { pass, rows } of parts) spread(rows, pass, whole);
  return whole;
}

/** The packed sample of a picture of one channel with up to 8 bits. */
export function sampleAt({ bytes, stride, bitsPerPixel }: PixelRows, x: number, y: number): number {
  const bit = x * bitsPerPixel;
  const byte = bytes[y * stride + 1 + (bit >> 3)] as number;
  return (byte >> (8 - bitsPerPixel - (bit & 7))) & ((1 << bitsPerPixel) - 1);
}

export function strideOf(widthPx: number, bitsPerPixel: number): number {
  return 1 + Math.ceil((widthPx * bitsPerPixel) / 8);
}

function passesOf({ widthPx, heightPx, interlaced }: PngHeader): readonly Pass[] {
  if (!interlaced) return [{ x: 0, y: 0, across: 1, down: 1, widthPx, heightPx }];
  return adam7
    .map(([x, y, across, down]) => ({
      x,
      y,
      across,
      down,
      widthPx: Math.ceil((widthPx - x) / across),
      heightPx: Math.ceil((heightPx - y) / down),
    }))
    .filter((pass) => pass.widthPx > 0 && pass.heightPx > 0);
}

function unfilter(bytes: Buffer, stride: number, pixelBytes: number): void {
  for (let row = 0; row < bytes.length; row += stride) {
    const kind = bytes[row] as number;
    if (kind > 4) throw damaged('a row has an unknown filter');
    bytes[row] = 0;
    if (kind === 0 || (kind === 2 && row === 0)) continue;
    for (let at = row + 1; at < row + stride; at++) {
      const left = at - pixelBytes > row ? (bytes[at - pixelBytes] as number) : 0;
      const above = row > 0 ? (bytes[at - stride] as number) : 0;
      const corner = row > 0 && at - pixelBytes > row ? (bytes[at - stride - pixelBytes] as number) : 0;
      bytes[at] = (bytes[at] as number) + predicted(kind, left, above, corner);
    }
  }
}

function predicted(kind: number, left: number, above: number, corner: number): number {
  if (kind === 1) return left;
  if (kind === 2) return above;
  if (kind === 3) return (left + above) >> 1;
  const estimate = left + above - corner;
  const toLeft = Math.abs(estimate - left);
  const toAbove = Math.abs(estimate - above);
  const toCorner = Math.abs(estimate - corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

function spread(from: PixelRows, { x, y, across, down }: Pass, to: PixelRows): void {
  const bits = from.bitsPerPixel;
  const size = bits >> 3;
  for (let row = 0; row < from.heightPx; row++) {
    const start = (y + row * down) * to.stride + 1;
    for (let column = 0; column < from.widthPx; column++) {
      const target = x + column * across;
      if (size > 0) {
        const source = row * from.stride + 1 + column * size;
        from.bytes.copy(to.bytes, start + target * size, source, source + size);
      } else {
        const bit = target * bits;
        const at = start + (bit >> 3);
        to.bytes[at] = (to.bytes[at] as number) | (sampleAt(from, column, row) << (8 - bits - (bit & 7)));
      }
    }
  }
}
