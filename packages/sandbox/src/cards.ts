import { createCipheriv, createHash } from 'node:crypto';

/** What the cards of one order are made from: nothing else decides a card's content. */
export interface CardOrderShape {
  readonly cardOrderId: bigint;
  readonly lines: readonly { readonly templateNo: string; readonly count: bigint }[];
}

/** Where a card stands in its order: the line, and the index within the line, both from 0. */
export interface CardPlace {
  readonly cardOrderId: bigint;
  readonly line: number;
  readonly index: number;
}

/** Lines of one order and cards of one line that a card number has digits for. */
export const maxLines = 999;
export const maxCardsPerLine = 10_000_000;

/** Cards made from a seed on demand: any page of any order, without holding a card in memory. */
export interface CardMint {
  /** The JSON text of each card at the positions `from` ≤ p < `from + count`, counted over all lines in order. */
  cardTexts(order: CardOrderShape, from: number, count: number): string[];
  /** Reads a card number back into its place; undefined if this seed never gives such a number. */
  placeOf(cardNo: string): CardPlace | undefined;
  /** The JSON text of one card; undefined if the order has no such place. */
  cardText(order: CardOrderShape, place: CardPlace): string | undefined;
}

// 32 signs without I, O, 0 and 1, so that five bits of a byte pick one without bias.
const alphabet = Buffer.from('23456789ABCDEFGHJKLMNPQRSTUVWXYZ', 'latin1');
const passwordLength = 16;
const qrLength = 24;
const shortQrLength = 12;
const bytesPerCard = 64;
const cipherBlocksPerCard = bytesPerCard / 16;

const indexDigits = 7;
const lineDigits = 3;
// Ids below 10^9 give card numbers of 20 digits; larger ones need 19 digits for the id and give 30.
const orderDigits = { short: 9, long: 19 } as const;

/**
 * Makes the mint of one sandbox. A card depends on (seed, environment, order id, line, index) alone:
 * `cardNo` is decimal digits of the order, the line and the index, the first and last scrambled by the seed,
 * and a Luhn digit. It can be read back, which is how by.cardno finds a card among millions that nobody stored.
 */
export function createCardMint(seed: string, ownSign: string): CardMint {
  const orderScrambles = {
    short: scrambleOf(digest(seed, ownSign, 'orders'), orderDigits.short),
    long: scrambleOf(digest(seed, ownSign, 'orders'), orderDigits.long),
  };
  const orderPart = (cardOrderId: bigint): string => {
    const scramble = orderScrambles[cardOrderId < 10n ** 9n ? 'short' : 'long'];
    return digitsOf(scramble.apply(cardOrderId), scramble.digits);
  };
  const lineKey = (cardOrderId: bigint, line: number): Buffer =>
    digest(seed, ownSign, 'line', String(cardOrderId), String(line));

  const lineTexts = (order: CardOrderShape, line: number, from: number, count: number): string[] => {
    const key = lineKey(order.cardOrderId, line);
    const scramble = scrambleOf(key, indexDigits);
    const prefix = orderPart(order.cardOrderId) + digitsOf(BigInt(line), lineDigits);
    const templateNo = JSON.stringify(order.lines[line]?.templateNo);
    const signs = signsOf(key, from, count);
    const texts: string[] = [];
    for (let at = 0; at < count; at++) {
      const number = prefix + String(scramble.applyToIndex(from + at)).padStart(indexDigits, '0');
      texts.push(cardJson(number + luhnDigit(number), templateNo, signs, at * bytesPerCard));
    }
    return texts;
  };

  return {
    cardTexts(order, from, count) {
      const texts: string[] = [];
      let lineStart = 0;
      for (const [line, { count: lineCount }] of order.lines.entries()) {
        const lineEnd = lineStart + Number(lineCount);
        const first = Math.max(from, lineStart);
        const end = Math.min(from + count, lineEnd);
        if (first < end) texts.push(...lineTexts(order, line, first - lineStart, end - first));
        lineStart = lineEnd;
      }
      return texts;
    },

    placeOf(cardNo) {
      const head = cardNo.slice(0, -(lineDigits + indexDigits + 1));
      const size = head.length === orderDigits.short ? 'short' : 'long';
      if (!/^[0-9]+$/.test(cardNo) || head.length !== orderDigits[size]) return undefined;
      if (luhnDigit(cardNo.slice(0, -1)) !== cardNo.slice(-1)) return undefined;
      const cardOrderId = orderScrambles[size].invert(BigInt(head));
      const line = Number(cardNo.slice(head.length, head.length + lineDigits));
      const scramble = scrambleOf(lineKey(cardOrderId, line), indexDigits);
      const index = Number(scramble.invert(BigInt(cardNo.slice(head.length + lineDigits, -1))));
      return { cardOrderId, line, index };
    },

    cardText(order, { cardOrderId, line, index }) {
      const count = order.lines[line]?.count;
      if (order.cardOrderId !== cardOrderId || count === undefined || index >= count) return undefined;
      return lineTexts(order, line, index, 1)[0];
    },
  };
}

function digest(...parts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}

/** The secret signs of `count` cards from index `from`: a key stream that can be entered anywhere. */
function signsOf(key: Buffer, from: number, count: number): Buffer {
  const counter = Buffer.alloc(16);
  counter.writeBigUInt64BE(BigInt(from * cipherBlocksPerCard), 8);
  const signs = createCipheriv('aes-256-ctr', key, counter).update(Buffer.alloc(count * bytesPerCard));
  for (let at = 0; at < signs.length; at++) signs[at] = alphabet[signs[at]! & 31]!;
  return signs;
}

function cardJson(cardNo: string, templateNo: string, signs: Buffer, at: number): string {
  const password = signs.toString('latin1', at, at + passwordLength);
  const qrAt = at + passwordLength;
  const qr = signs.toString('latin1', qrAt, qrAt + qrLength);
  const shortQr = signs.toString('latin1', qrAt + qrLength, qrAt + qrLength + shortQrLength);
  return `{"cardNo":"${cardNo}","cardPassword":"${password}","qrCode":"https://card.example.com/bind?code=${qr}","shortQrCode":"https://c.example.com/${shortQr}","templateNo":${templateNo},"status":"ACTIVE"}`;
}

interface Scramble {
  readonly digits: number;
  apply(value: bigint): bigint;
  invert(value: bigint): bigint;
  applyToIndex(index: number): number;
}

/** The permutation x → a·x + b of the numbers below 10^digits, with a and b from the key; a is prime to 10. */
function scrambleOf(key: Buffer, digits: number): Scramble {
  const modulus = 10n ** BigInt(digits);
  let a = key.readBigUInt64BE(0) % modulus;
  while (a % 2n === 0n || a % 5n === 0n) a += 1n;
  const b = key.readBigUInt64BE(8) % modulus;
  const small = { a: Number(a), b: Number(b), modulus: Number(modulus) };
  return {
    digits,
    apply: (value) => (a * value + b) % modulus,
    invert: (value) => (inverseOf(a, digits) * (((value - b) % modulus) + modulus)) % modulus,
    // a and the index stay below 10^7, so the product is exact in a double, and far cheaper than a bigint.
    applyToIndex: (index) => (small.a * index + small.b) % small.modulus,
  };
}

/** a⁻¹ modulo 10^digits, for a prime to 10: by Euler's theorem a^(φ−1), with φ = 4·10^(digits−1). */
function inverseOf(a: bigint, digits: number): bigint {
  const modulus = 10n ** BigInt(digits);
  let exponent = 4n * 10n ** BigInt(digits - 1) - 1n;
  let base = a % modulus;
  let result = 1n;
  for (; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return result;
}

function digitsOf(value: bigint, digits: number): string {
  return String(value).padStart(digits, '0');
}

function luhnDigit(digits: string): string {
  let sum = 0;
  for (let at = digits.length - 1, double = true; at >= 0; at--, double = !double) {
    const digit = digits.charCodeAt(at) - 48;
    const weighted = double ? digit * 2 : digit;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return String((10 - (sum % 10)) % 10);
}
