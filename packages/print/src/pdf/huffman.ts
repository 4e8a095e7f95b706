/**
 * Code lengths of a prefix code of the least total length, by Huffman, none longer than `limit` bits. Keeps its buffers.
 * A code of one symbol gets one bit, since inflaters want at least that (RFC 1951, 3.2.7).
 */
export class HuffmanCode {
  readonly lengths: Uint8Array;
  /** Bits in the order in which DEFLATE writes them: the code's highest bit is the lowest here. */
  readonly codes: Uint16Array;
  readonly #limit: number;
  /** Used symbols, `count · symbols + symbol`, so that sorting numbers sorts by count: good to millions. */
  readonly #sorted: Uint32Array;
  /** Counts at first, then parents, then depths: Moffat and Katajainen, In-place calculation of minimum-redundancy codes. */
  readonly #work: Uint32Array;
  readonly #ofLength: Uint16Array;
  readonly #nextCode: Uint16Array;

  constructor(symbols: number, limit: number) {
    this.lengths = new Uint8Array(symbols);
    this.codes = new Uint16Array(symbols);
    this.#limit = limit;
    this.#sorted = new Uint32Array(symbols);
    this.#work = new Uint32Array(symbols);
    this.#ofLength = new Uint16Array(limit + 1);
    this.#nextCode = new Uint16Array(limit + 2);
  }

  /** Fits the code to these counts of each symbol. */
  fit(counts: Uint32Array): void {
    const symbols = this.lengths.length;
    const sorted = this.#sorted;
    let used = 0;
    for (let symbol = 0; symbol < symbols; symbol++)
      if (counts[symbol]! > 0) sorted[used++] = counts[symbol]! * symbols + symbol;
    sorted.subarray(0, used).sort();
    this.lengths.fill(0);
    this.#countLengths(used);
    let length = this.#limit;
    for (let index = 0, left = 0; index < used; index++, left--) {
      while (left === 0) left = this.#ofLength[length--]!;
      this.lengths[sorted[index]! % symbols] = length + 1;
    }
    this.#assign();
  }

  /** How many codes there are of each length; the rarest symbols get the longest. */
  #countLengths(used: number): void {
    const ofLength = this.#ofLength.fill(0);
    if (used === 0) return;
    if (used === 1) {
      ofLength[1] = 1;
      return;
    }
    const depths = this.#depths(used);
    for (let index = 0; index < used; index++) ofLength[Math.min(depths[index]!, this.#limit)]! += 1;
    this.#shorten();
  }

  /** The depth of each leaf of the tree, rarest first. */
  #depths(used: number): Uint32Array {
    const work = this.#work;
    const symbols = this.lengths.length;
    for (let index = 0; index < used; index++) work[index] = Math.floor(this.#sorted[index]! / symbols);
    work[0]! += work[1]!;
    let leaf = 2;
    let root = 0;
    for (let next = 1; next < used - 1; next++) {
      const takesFirst = leaf >= used || work[root]! < work[leaf]!;
      work[next] = work[takesFirst ? root : leaf]!;
      if (takesFirst) work[root++] = next;
      else leaf++;
      const takesSecond = leaf >= used || (root < next && work[root]! < work[leaf]!);
      work[next]! += work[takesSecond ? root : leaf]!;
      if (takesSecond) work[root++] = next;
      else leaf++;
    }
    work[used - 2] = 0;
    for (let next = used - 3; next >= 0; next--) work[next] = work[work[next]!]! + 1;
    let available = 1;
    let depth = 0;
    let taken = 0;
    root = used - 2;
    for (let next = used - 1; available > 0; ) {
      while (root >= 0 && work[root] === depth) {
        taken++;
        root--;
      }
      for (; available > taken; available--) work[next--] = depth;
      available = 2 * taken;
      depth++;
      taken = 0;
    }
    return work;
  }

  /** Cutting at the limit has made the code too large: each step takes one longest code away, and splits a shorter one. */
  #shorten(): void {
    const ofLength = this.#ofLength;
    const limit = this.#limit;
    let total = 0;
    for (let length = 1; length <= limit; length++) total += ofLength[length]! << (limit - length);
    for (; total > 1 << limit; total--) {
      ofLength[limit]! -= 1;
      let length = limit - 1;
      while (ofLength[length] === 0) length--;
      ofLength[length]! -= 1;
      ofLength[length + 1]! += 2;
    }
  }

  /** The canonical code of RFC 1951, 3.2.2. */
  #assign(): void {
    const next = this.#nextCode;
    next[1] = 0;
    for (let length = 1; length <= this.#limit; length++)
      next[length + 1] = (next[length]! + this.#ofLength[length]!) << 1;
    for (let symbol = 0; symbol < this.lengths.length; symbol++) {
      const length = this.lengths[symbol]!;
      if (length > 0) this.codes[symbol] = reversed(next[length]!++, length);
    }
  }
}

function reversed(code: number, length: number): number {
  let bits = 0;
  for (let left = length, rest = code; left > 0; left--, rest >>>= 1) bits = (bits << 1) | (rest & 1);
  return bits;
}
