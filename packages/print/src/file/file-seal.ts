import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { FileSeal } from './whole-file.ts';

/** Reads the file as a stream: its hash and size. Rejects with the system's error where it cannot be read. */
export async function sealOf(path: string): Promise<FileSeal> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}
