const largestDigits = 0x7fffffff;

/**
 * A growing buffer that operators of a content stream are written into, kept from card to card. Numbers go in digit by
 * digit: `toString` would leave some hundred short strings a card to the garbage collector.
 */
export class ContentBuffer {
  #bytes = new Uint8Array(16 * 1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  /** What was written, without a copy: good until the next call. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** Characters below U+0080. */
  ascii(text: string): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.#length = at;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** A whole number from 0 and a space. */
  integer(value: number): void {
    this.#reserve(12);
    this.#length = putInteger(this.#bytes, this.#length, value);
  }

  /** A rectangle of whole numbers from 0. In one piece, since a code has hundreds of them. */
  rectangle(x: number, y: number, width: number, height: number): void {
    this.#reserve(4 * 12 + 3);
    const bytes = this.#bytes;
    let at = putInteger(bytes, this.#length, x);
    at = putInteger(bytes, at, y);
    at = putInteger(bytes, at, width);
    at = putInteger(bytes, at, height);
    bytes[at++] = 0x72;
    bytes[at++] = 0x65;
    bytes[at++] = 0x0a;
    this.#length = at;
  }

  /** A length and a space: at most three decimals, a third of a micrometre. */
  number(value: number): void {
    this.#decimal(value, 1000, 3);
  }

  /** A factor of a matrix and a space: six decimals, so that the far end of a sheet is as exact as its origin. */
  factor(value: number): void {
    this.#decimal(value, 1_000_000, 6);
  }

  #decimal(value: number, scale: number, decimals: number): void {
    const scaled = Math.round(Math.abs(value) * scale);
    if (!(scaled <= largestDigits)) {
      this.#longDecimal(value, decimals);
      return;
    }
    this.#reserve(16);
    const bytes = this.#bytes;
    if (value < 0 && scaled > 0) bytes[this.#length++] = 0x2d;
    const whole = (scaled / scale) | 0;
    let rest = scaled - whole * scale;
    if (whole > 0 || rest === 0) this.#length = putDigits(bytes, this.#length, whole);
    if (rest > 0) {
      bytes[this.#length++] = 0x2e;
      for (let unit = scale / 10; rest > 0; unit /= 10) {
        const digit = (rest / unit) | 0;
        bytes[this.#length++] = 0x30 + digit;
        rest -= digit * unit;
      }
    }
    bytes[this.#length++] = 0x20;
  }

  #longDecimal(value: number, decimals: number): void {
    if (!(Math.abs(value) < 1e15)) throw new RangeError(`${value} is no coordinate`);
    this.ascii(`${value.toFixed(decimals)} `);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

function putInteger(bytes: Uint8Array, at: number, value: number): number {
  const end = putDigits(bytes, at, value);
  bytes[end] = 0x20;
  return end + 1;
}

/** Returns the place after the last digit. */
function putDigits(bytes: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    bytes[at] = 0x30 + value;
    return at + 1;
  }
  let end = at + 2;
  for (let limit = 100; value >= limit; limit *= 10) end++;
  let place = end;
  let rest = value;
  do {
    const tenth = (rest / 10) | 0;
    bytes[--place] = 0x30 + rest - tenth * 10;
    rest = tenth;
  } while (rest > 0);
  return end;
}
