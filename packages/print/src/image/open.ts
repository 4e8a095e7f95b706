import { createHash } from 'node:crypto';
import { Refusal, refusedAt } from '../refusal.ts';
import type { Artwork } from './artwork.ts';
import { fileBytesAtMost, tooLarge } from './damage.ts';
import { openJpeg } from './jpeg-artwork.ts';
import { openPng } from './png-artwork.ts';

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * A JPEG (baseline or progressive; grey, RGB or CMYK, 8 bits) or PNG (1 to 16 bits) as artwork, embedded as it is wherever
 * PDF can read it. The whole picture is decoded once, so that a damaged one is found here and not on the press; headers
 * are never trusted: at most 20 MiB of file, 50 million pixels and 256 MiB while decoding. What follows the picture's end,
 * and metadata other than the ICC profile, are left out of the PDF.
 *
 * @throws Refusal `artwork-…`, with the name as its place
 */
export function openArtwork(name: string, bytes: Uint8Array): Artwork {
  try {
    if (bytes.length > fileBytesAtMost) throw tooLarge(`${bytes.length} bytes, at most ${fileBytesAtMost}`);
    const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const sha256 = createHash('sha256').update(file).digest('hex');
    return { name, sha256, ...openerOf(file)(file) };
  } catch (error) {
    throw refusedAt(error, { at: name });
  }
}

function openerOf(file: Buffer): typeof openPng {
  if (file.subarray(0, 8).equals(pngSignature)) return openPng;
  if (file[0] === 0xff && file[1] === 0xd8) return openJpeg;
  throw new Refusal('artwork-not-picture', 'by its first bytes');
}
