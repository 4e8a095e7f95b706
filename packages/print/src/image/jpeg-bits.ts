import { damaged } from './damage.ts';

/** A Huffman table (ITU-T T.81, Annex C) as a direct table for codes up to 9 bits and limits for longer ones. */
export interface HuffmanTable {
  /** By the next 9 bits: length << 8 | symbol; 0 where the code is longer. */
  readonly short: Uint16Array;
  /** The greatest code of each length, left-aligned in 16 bits, plus one; 0 where there is none. */
  readonly limit: Int32Array;
  readonly offset: Int32Array;
  readonly symbols: Uint8Array;
}

const shortBits = 9;

export function huffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const short = new Uint16Array(1 << shortBits);
  const limit = new Int32Array(17);
  const offset = new Int32Array(17);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++) {
    const count = counts[length - 1] as number;
    offset[length] = index - code;
    for (let n = 0; n < count; n++, code++, index++) {
      if (length > shortBits) continue;
      const from = code << (shortBits - length);
      short.fill((length << 8) | (symbols[index] as number), from, from + (1 << (shortBits - length)));
    }
    if (code > 1 << length) throw damaged('a Huffman table has too many codes');
    limit[length] = code << (16 - length);
    code <<= 1;
  }
  return { short, limit, offset, symbols };
}

/** The bits of one scan (T.81, F.2.2.5), which end at a marker. Reading beyond it is damage. */
export class EntropyBits {
  readonly #bytes: Uint8Array;
  /** The next byte that was not taken in. */
  #at: number;
  #held = 0;
  #count = 0;
  /** How many of the held bits stand for nothing, since a marker or the file's end was reached. */
  #padding = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The next symbol of this table. */
  symbol(table: HuffmanTable): number {
    if (this.#count < 16) this.#fill();
    const next = (this.#held >>> (this.#count - 16)) & 0xffff;
    const entry = table.short[next >>> (16 - shortBits)] as number;
    if (entry !== 0) {
      this.#take(entry >> 8);
      return entry & 0xff;
    }
    for (let length = shortBits + 1; length <= 16; length++) {
      if (next < (table.limit[length] as number)) {
        this.#take(length);
        return table.symbols[(next >>> (16 - length)) + (table.offset[length] as number)] as number;
      }
    }
    throw damaged('a code is in no Huffman table');
  }

  /** So many bits (0 to 16) as an unsigned number. */
  bits(size: number): number {
    if (size === 0) return 0;
    if (this.#count < size) this.#fill();
    const value = (this.#held >>> (this.#count - size)) & ((1 << size) - 1);
    this.#take(size);
    return value;
  }

  /** A difference or coefficient of this many bits (T.81, F.2.2.1 EXTEND). */
  signed(size: number): number {
    const value = this.bits(size);
    return size > 0 && value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  /** Ends a restart interval: the position of the marker that must follow. */
  markerAt(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
    if (at + 1 >= bytes.length) throw damaged('it ends early');
    const more = this.#count - this.#padding >= 8 || bytes[at] !== 0xff || bytes[at + 1] === 0;
    if (more) throw damaged('it has more data than pixels');
    return at;
  }

  /** Goes on after a restart marker. */
  restartAt(at: number): void {
    this.#at = at;
    this.#held = 0;
    this.#count = 0;
    this.#padding = 0;
  }

  #take(size: number): void {
    this.#count -= size;
    if (this.#count < this.#padding) throw damaged('it ends within its pixels');
  }

  /** Takes bytes in until 17 bits or more are held. The accumulator never holds more than 24. */
  #fill(): void {
    while (this.#count <= 16) {
      const byte = this.#bytes[this.#at] ?? -1;
      let taken = byte;
      if (byte === 0xff && this.#bytes[this.#at + 1] === 0) this.#at += 2;
      else if (byte >= 0 && byte !== 0xff) this.#at++;
      else {
        taken = 0;
        this.#padding += 8;
      }
      this.#held = ((this.#held << 8) | taken) & 0xffffff;
      this.#count += 8;
    }
  }
}
