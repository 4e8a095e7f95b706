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

/** Cards as the inside of a JSON list of JSON texts: `"{\"cardNo\":…}","{…}"`. */
export interface CardList {
  readonly json: Buffer;
  readonly count: number;
}

/** Cards made from a seed on demand: any page of any order, without holding a card in memory. */
export interface CardMint {
  /** The cards at the positions `from` ≤ p < `from + count`, counted over all lines: the fastest way to many. */
  cardList(order: CardOrderShape, from: number, count: number): CardList;
  /** The JSON text of each of these cards. */
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

  const lineList = (order: CardOrderShape, line: number, from: number, count: number): Buffer => {
    const key = lineKey(order.cardOrderId, line);
    const prefix = orderPart(order.cardOrderId) + digitsOf(BigInt(line), lineDigits);
    const form = formOf(prefix, order.lines[line]?.templateNo ?? '');
    return filledForm(form, scrambleOf(key, indexDigits), keyStream(key, from, count), from, count);
  };

  const cardList: CardMint['cardList'] = (order, from, count) => {
    const lists: Buffer[] = [];
    let found = 0;
    let lineStart = 0;
    for (const [line, { count: lineCount }] of order.lines.entries()) {
      const lineEnd = lineStart + Number(lineCount);
      const first = Math.max(from, lineStart);
      const end = Math.min(from + count, lineEnd);
      if (first < end) {
        lists.push(lineList(order, line, first - lineStart, end - first));
        found += end - first;
      }
      lineStart = lineEnd;
      if (lineStart >= from + count) break;
    }
    const json = lists.length === 1 ? lists[0]! : Buffer.concat(lists);
    // Without the last comma.
    return { json: json.subarray(0, Math.max(0, json.length - 1)), count: found };
  };

  return {
    cardList,

    cardTexts(order, from, count) {
      return JSON.parse(`[${cardList(order, from, count).json.toString('utf8')}]`) as string[];
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
      return JSON.parse(lineList(order, line, index, 1).toString('utf8').slice(0, -1)) as string;
    },
  };
}

function digest(...parts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}

/** The random bytes of `count` cards from index `from`: a key stream that can be entered anywhere. */
function keyStream(key: Buffer, from: number, count: number): Buffer {
  const counter = Buffer.alloc(16);
  counter.writeBigUInt64BE(BigInt(from * cipherBlocksPerCard), 8);
  return createCipheriv('aes-256-ctr', key, counter).update(Buffer.alloc(count * bytesPerCard));
}

/** A card with blanks: the JSON literal of its JSON text and a comma, and where the blanks are in it. */
interface CardForm {
  readonly bytes: Buffer;
  readonly indexAt: number;
  readonly passwordAt: number;
  readonly qrAt: number;
  readonly shortQrAt: number;
  /** What the digits before the index add to the Luhn sum. */
  readonly luhnSum: number;
}

function formOf(prefix: string, templateNo: string): CardForm {
  const blank = (mark: string, length: number): string => mark.repeat(length);
  const cardNo = prefix + blank('#', indexDigits + 1);
  const text = `{"cardNo":"${cardNo}","cardPassword":"${blank('*', passwordLength)}","qrCode":"https://card.example.com/bind?code=${blank('+', qrLength)}","shortQrCode":"https://c.example.com/${blank('~', shortQrLength)}","templateNo":${JSON.stringify(templateNo)},"status":"ACTIVE"}`;
  const bytes = Buffer.from(`${JSON.stringify(text)},`);
  return {
    bytes,
    indexAt: bytes.indexOf('#'),
    passwordAt: bytes.indexOf('*'),
    qrAt: bytes.indexOf('+'),
    shortQrAt: bytes.indexOf('~'),
    luhnSum: luhnSum(prefix, indexDigits % 2 === 0),
  };
}

/** `count` copies of the form, each with its blanks filled in: every page of an order is written by this loop. */
function filledForm(form: CardForm, scramble: Scramble, stream: Buffer, from: number, count: number): Buffer {
  const { bytes, indexAt, passwordAt, qrAt, shortQrAt, luhnSum: prefixSum } = form;
  const cards = Buffer.allocUnsafe(bytes.length * count).fill(bytes);
  for (let card = 0; card < count; card++) {
    const at = card * bytes.length;
    let rest = scramble.applyToIndex(from + card);
    let sum = prefixSum;
    for (let place = indexDigits - 1, double = true; place >= 0; place--, double = !double) {
      const digit = rest % 10;
      rest = (rest - digit) / 10;
      sum += double ? luhnDoubled[digit]! : digit;
      cards[at + indexAt + place] = zero + digit;
    }
    cards[at + indexAt + indexDigits] = zero + ((10 - (sum % 10)) % 10);
    let random = card * bytesPerCard;
    for (let sign = 0; sign < passwordLength; sign++)
      cards[at + passwordAt + sign] = alphabet[stream[random++]! & 31]!;
    for (let sign = 0; sign < qrLength; sign++) cards[at + qrAt + sign] = alphabet[stream[random++]! & 31]!;
    for (let sign = 0; sign < shortQrLength; sign++)
      cards[at + shortQrAt + sign] = alphabet[stream[random++]! & 31]!;
  }
  return cards;
}

const zero = 0x30;
const luhnDoubled = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9] as const;

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
  return String((10 - (luhnSum(digits, true) % 10)) % 10);
}

/** The Luhn sum of digits; `doubleLast`: whether the last of them counts double, then every other one. */
function luhnSum(digits: string, doubleLast: boolean): number {
  let sum = 0;
  for (let at = digits.length - 1, double = doubleLast; at >= 0; at--, double = !double) {
    const digit = digits.charCodeAt(at) - zero;
    sum += double ? luhnDoubled[digit]! : digit;
  }
  return sum;
}
