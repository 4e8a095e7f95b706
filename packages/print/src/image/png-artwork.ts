import { deflateSync } from 'node:zlib';
import { Refusal } from '../refusal.ts';
import { checkSize, damaged } from './damage.ts';
import { profileFor } from './icc.ts';
import type { Picture } from './jpeg-artwork.ts';
import { exifOrientation } from './jpeg-notes.ts';
import { inflated, type PngChunks, readChunks } from './png-chunks.ts';
import {
  bitsPerPixelOf,
  inflatedBytes,
  type PixelRows,
  pixelRows,
  sampleAt,
  strideOf,
} from './png-pixels.ts';

/**
 * A PNG as the stream of a PDF image: its own data where PDF's PNG predictors can read them; decoded and compressed anew
 * when it is interlaced or has an alpha channel that is opaque throughout. Every row was inflated and unfiltered.
 */
export function openPng(bytes: Buffer): Picture {
  const chunks = readChunks(bytes);
  const { header, palette, exif } = chunks;
  const size = inflatedBytes(header);
  checkSize(header.widthPx, header.heightPx, size);
  if (exif && exifOrientation(exif) !== 1) throw new Refusal('artwork-orientation', 'in its EXIF chunk');
  const raw = inflated(chunks.data, size, () => damaged('it has more data than pixels'));
  if (raw.length !== size) throw damaged('it ends within its pixels');
  const rows = pixelRows(header, raw);
  checkIndexes(rows, chunks);
  checkOpaque(rows, chunks);
  const colour = header.colourType === 0 || header.colourType === 4 ? 'grey' : 'rgb';
  const icc = chunks.icc && profileFor(colour, chunks.icc).bytes;
  const components = palette || colour === 'grey' ? 1 : 3;
  const asItIs = !header.interlaced && header.colourType < 4;
  return {
    widthPx: header.widthPx,
    heightPx: header.heightPx,
    colour,
    colourSaidBy: icc ? 'icc' : chunks.saysSrgb ? 'srgb' : 'nothing',
    mime: 'image/png',
    file: bytes.subarray(0, chunks.end),
    pdf: {
      filter: 'FlateDecode',
      decodeParms: `<< /Predictor 15 /Colors ${components} /BitsPerComponent ${header.bitDepth} /Columns ${header.widthPx} >>`,
      bitsPerComponent: header.bitDepth,
      data: asItIs ? chunks.data : compressed(withoutAlpha(rows, header.bitDepth * components)),
      ...(icc ? { icc } : {}),
      ...(palette ? { palette } : {}),
    },
  };
}

function checkIndexes(rows: PixelRows, { palette }: PngChunks): void {
  if (palette === undefined || palette.length === 3 * 2 ** rows.bitsPerPixel) return;
  forEachSample(rows, (sample) => {
    if (sample * 3 >= palette.length) throw damaged('a pixel has no colour in the palette');
  });
}

/** Throws `artwork-transparent` at the first pixel that is not wholly opaque. */
function checkOpaque(rows: PixelRows, { header, transparency }: PngChunks): void {
  if (header.colourType >= 4) checkAlpha(rows, header.bitDepth >> 3);
  else if (transparency !== undefined && header.colourType === 3) {
    const alphas = transparency;
    forEachSample(rows, (sample, x, y) => {
      if ((alphas[sample] ?? 255) !== 255) throw transparent(x, y);
    });
  } else if (transparency !== undefined)
    checkKey(rows, bitsPerPixelOf(header) / header.bitDepth, transparency);
}

function checkAlpha({ bytes, stride, bitsPerPixel, widthPx, heightPx }: PixelRows, alphaBytes: number): void {
  const size = bitsPerPixel >> 3;
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const alpha = y * stride + 1 + (x + 1) * size - alphaBytes;
      if (bytes[alpha] !== 255 || bytes[alpha + alphaBytes - 1] !== 255) throw transparent(x, y);
    }
  }
}

/** One colour, in 16 bits a channel, that stands for transparent pixels (ISO/IEC 15948, 11.3.2.1). */
function checkKey(rows: PixelRows, channels: number, key: Buffer): void {
  if (key.length !== channels * 2) throw damaged('its transparent colour has a wrong length');
  const { bytes, stride, bitsPerPixel, widthPx, heightPx } = rows;
  if (bitsPerPixel < 8) {
    forEachSample(rows, (sample, x, y) => {
      if (sample === key.readUInt16BE(0)) throw transparent(x, y);
    });
    return;
  }
  const size = bitsPerPixel >> 3;
  const wide = size === channels * 2;
  const wanted = wide
    ? key
    : Buffer.from(Array.from({ length: channels }, (_, index) => key[index * 2 + 1] as number));
  if (!wide && key.some((byte, index) => index % 2 === 0 && byte !== 0)) return;
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const at = y * stride + 1 + x * size;
      if (wanted.compare(bytes, at, at + size) === 0) throw transparent(x, y);
    }
  }
}

function forEachSample(rows: PixelRows, visit: (sample: number, x: number, y: number) => void): void {
  for (let y = 0; y < rows.heightPx; y++) {
    for (let x = 0; x < rows.widthPx; x++) visit(sampleAt(rows, x, y), x, y);
  }
}

function transparent(x: number, y: number): Refusal {
  return new Refusal('artwork-transparent', `first at pixel ${x + 1}, ${y + 1} from the top left`);
}

/** The same rows with the first `bitsPerPixel` of each pixel. */
function withoutAlpha(rows: PixelRows, bitsPerPixel: number): PixelRows {
  if (rows.bitsPerPixel === bitsPerPixel) return rows;
  const { widthPx, heightPx } = rows;
  const stride = strideOf(widthPx, bitsPerPixel);
  const [from, to] = [rows.bitsPerPixel >> 3, bitsPerPixel >> 3];
  const bytes = Buffer.alloc(stride * heightPx);
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const source = y * rows.stride + 1 + x * from;
      for (let byte = 0; byte < to; byte++)
        bytes[y * stride + 1 + x * to + byte] = rows.bytes[source + byte] as number;
    }
  }
  return { widthPx, heightPx, bitsPerPixel, stride, bytes };
}

/** Each row as its difference from the one above (filter 2), which compresses artwork well at little cost. */
function compressed({ bytes, stride, heightPx }: PixelRows): Buffer {
  for (let row = heightPx - 1; row >= 0; row--) {
    const start = row * stride;
    bytes[start] = 2;
    if (row === 0) break;
    for (let at = start + 1; at < start + stride; at++)
      bytes[at] = (bytes[at] as number) - (bytes[at - stride] as number);
  }
  return deflateSync(bytes, { level: 6 });
}
