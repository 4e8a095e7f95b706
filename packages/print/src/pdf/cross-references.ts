import { Readable } from 'node:stream';
import { createDeflate } from 'node:zlib';
import type { Ref } from './syntax.ts';

/** Widths of an entry's fields: kind, offset or object stream (five bytes reach 1 TiB), generation or place in it. */
export const entryWidths = [1, 5, 2] as const;
const entryBytes = 8;
const entriesPerBlock = 8192;
const largestOffset = 2 ** 40;

/**
 * Where each object is (ISO 32000-1, 7.5.8): eight bytes an object in blocks, so that two million objects cost 16 MB and
 * growing never copies.
 */
export class CrossReferences {
  readonly #blocks: Buffer<ArrayBuffer>[] = [];
  #count = 0;

  constructor() {
    const free = this.allocate();
    this.#write(free, 0, 0, 0xffff);
  }

  /** Object numbers so far, number 0 included. */
  get count(): number {
    return this.#count;
  }

  allocate(): Ref {
    if (this.#count % entriesPerBlock === 0) this.#blocks.push(Buffer.alloc(entriesPerBlock * entryBytes));
    return this.#count++ as Ref;
  }

  placeAt(ref: Ref, offset: number): void {
    if (offset >= largestOffset) throw new RangeError('a PDF file may not exceed 1 TiB');
    this.#place(ref, 1, offset, 0);
  }

  placeInStream(ref: Ref, stream: Ref, index: number): void {
    this.#place(ref, 2, stream, index);
  }

  /** The first number that was given out and never written, if any. */
  firstMissing(): number | undefined {
    for (let number = 1; number < this.#count; number++) {
      if (this.#kindOf(number) === 0) return number;
    }
    return undefined;
  }

  /** The data of the cross-reference stream: rows with the PNG predictor "up", which makes them almost constant. */
  async deflated(): Promise<Buffer> {
    const parts: Buffer[] = [];
    const deflate = createDeflate({ level: 6 });
    const rows = Readable.from(this.#rows(), { objectMode: true });
    rows.on('error', (error) => deflate.destroy(error));
    for await (const part of rows.pipe(deflate)) parts.push(part as Buffer);
    return Buffer.concat(parts);
  }

  *#rows(): Generator<Buffer> {
    const above = new Uint8Array(entryBytes);
    for (const [blockIndex, block] of this.#blocks.entries()) {
      const entries = Math.min(entriesPerBlock, this.#count - blockIndex * entriesPerBlock);
      const rows = Buffer.allocUnsafe(entries * (entryBytes + 1));
      let to = 0;
      for (let at = 0; at < entries * entryBytes; at++) {
        const column = at % entryBytes;
        if (column === 0) rows[to++] = 2;
        rows[to++] = block[at]! - above[column]!;
        above[column] = block[at]!;
      }
      yield rows;
    }
  }

  #kindOf(number: number): number {
    return this.#blocks[Math.floor(number / entriesPerBlock)]![(number % entriesPerBlock) * entryBytes]!;
  }

  #place(ref: Ref, kind: number, where: number, last: number): void {
    if (!(ref > 0 && ref < this.#count)) throw new RangeError(`object ${ref} was not allocated`);
    if (this.#kindOf(ref) !== 0) throw new Error(`object ${ref} was written twice`);
    this.#write(ref, kind, where, last);
  }

  #write(ref: Ref, kind: number, where: number, last: number): void {
    const block = this.#blocks[Math.floor(ref / entriesPerBlock)]!;
    const at = (ref % entriesPerBlock) * entryBytes;
    block[at] = kind;
    block.writeUIntBE(where, at + 1, 5);
    block.writeUInt16BE(last, at + 6);
  }
}
