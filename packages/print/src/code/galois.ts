/** GF(2⁸) by logarithms, for one primitive polynomial. */
export interface GaloisField {
  /** α to the power of the index; twice the period, so that a sum of two logarithms needs no modulo. */
  readonly powers: Uint8Array;
  readonly logarithms: Uint8Array;
}

export function createGaloisField(primitivePolynomial: number): GaloisField {
  const powers = new Uint8Array(512);
  const logarithms = new Uint8Array(256);
  let power = 1;
  for (let exponent = 0; exponent < 255; exponent++) {
    powers[exponent] = power;
    powers[exponent + 255] = power;
    logarithms[power] = exponent;
    power <<= 1;
    if (power > 255) power ^= primitivePolynomial;
  }
  return { powers, logarithms };
}

export function multiply(field: GaloisField, a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : field.powers[field.logarithms[a]! + field.logarithms[b]!]!;
}

/** Reed–Solomon check bytes by long division, four bytes at a time. */
export interface Divisor {
  readonly checkBytes: number;
  readonly words: number;
  /** For each byte, its product with the generator (without the leading 1), highest coefficient first. */
  readonly products: Int32Array;
  /** The running remainder; kept here so that a division allocates nothing. */
  readonly remainder: Int32Array;
}

/** The generator is the product of (x − α^i) for `checkBytes` exponents from `firstExponent`. */
export function createDivisor(field: GaloisField, checkBytes: number, firstExponent: number): Divisor {
  const generator = generatorPolynomial(field, checkBytes, firstExponent);
  const words = Math.ceil(checkBytes / 4);
  const products = new Int32Array(256 * words);
  for (let factor = 0; factor < 256; factor++) {
    for (let index = 0; index < checkBytes; index++) {
      const at = factor * words + (index >> 2);
      products[at]! |= multiply(field, factor, generator[index]!) << (24 - 8 * (index & 3));
    }
  }
  return { checkBytes, words, products, remainder: new Int32Array(words) };
}

function generatorPolynomial(field: GaloisField, degree: number, firstExponent: number): Uint8Array {
  let coefficients = new Uint8Array([1]);
  for (let index = 0; index < degree; index++) {
    const root = field.powers[firstExponent + index]!;
    const next = new Uint8Array(coefficients.length + 1);
    coefficients.forEach((coefficient, at) => {
      next[at]! ^= coefficient;
      next[at + 1]! ^= multiply(field, coefficient, root);
    });
    coefficients = next;
  }
  return coefficients.subarray(1);
}

/**
 * Writes the check bytes of `length` bytes of `data`, from `from` and `stride` apart, into `out` from `outFrom`, equally
 * `stride` apart. Leading zeros cost nothing.
 */
export function writeCheckBytes(
  divisor: Divisor,
  data: Uint8Array,
  from: number,
  length: number,
  stride: number,
  out: Uint8Array,
  outFrom: number,
): void {
  const { checkBytes, words, products, remainder } = divisor;
  const last = words - 1;
  const end = from + length * stride;
  let at = from;
  while (at < end && data[at] === 0) at += stride;
  remainder.fill(0);
  for (; at < end; at += stride) {
    let word = remainder[0]!;
    let product = ((word >>> 24) ^ data[at]!) * words;
    for (let index = 0; index < last; index++) {
      const following = remainder[index + 1]!;
      remainder[index] = ((word << 8) | (following >>> 24)) ^ products[product++]!;
      word = following;
    }
    remainder[last] = (word << 8) ^ products[product]!;
  }
  for (let index = 0; index < checkBytes; index++)
    out[outFrom + index * stride] = remainder[index >> 2]! >>> (24 - 8 * (index & 3));
}
