import { checkCodeText } from './code-text.ts';
import { appendBits, type BitWriter } from './qr-bits.ts';

/** Modes by number: 0 numeric, 1 alphanumeric, 2 byte. */
const [numeric, alphanumeric, byte] = [0, 1, 2];
const modeIndicators = [0b0001, 0b0010, 0b0100];
const eciIndicator = 0b0111;
/** UTF-8, in the register of extended channel interpretations. */
const eciUtf8 = 26;
const eciBits = 12;
/** ISO/IEC 18004:2015, table 3: bits of the character count, for versions 1–9, 10–26 and 27–40. */
const countBits = [
  [10, 9, 8],
  [12, 11, 16],
  [14, 13, 16],
] as const;
/** Sixths of a bit for each character: 10 bits for three digits, 11 for two alphanumerics, 8 for a byte. */
const sixths = [20, 33, 48];
const never = 1 << 29;
/** Digits that version 40-L holds: no text can be longer. */
export const maxQrCharacters = 7089;

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const alphanumericValues = new Int8Array(256).fill(-1);
for (let value = 0; value < alphabet.length; value++) alphanumericValues[alphabet.charCodeAt(value)] = value;
/** The narrowest mode of each byte. */
const narrowestModes = new Uint8Array(256).fill(byte);
for (let code = 0; code < 256; code++) {
  if (alphanumericValues[code]! >= 0)
    narrowestModes[code] = alphanumericValues[code]! < 10 ? numeric : alphanumeric;
}

export function versionGroup(version: number): 0 | 1 | 2 {
  return version < 10 ? 0 : version < 27 ? 1 : 2;
}

/**
 * One text as bytes, and how it is best cut into segments. A text of ASCII alone is carried as it is; any other is UTF-8
 * and says so with ECI 26, since a reader may otherwise take bytes for ISO/IEC 8859-1 (the default of 7.3.2).
 */
export interface QrText {
  /** Takes another text; throws a `Refusal` for one that is empty, too long for any version, or not well-formed. */
  take(text: string): void;
  /** Bits that the whole text needs as a single byte segment. */
  bitsAsBytes(group: 0 | 1 | 2): number;
  /** A lower bound of the bits for any segmentation in any version, for a fraction of the cost of `bitsInSegments`. */
  leastBits(): number;
  /** Bits of the best segmentation, which `writeSegments` will write. */
  bitsInSegments(group: 0 | 1 | 2): number;
  writeBytes(writer: BitWriter, group: 0 | 1 | 2): void;
  writeSegments(writer: BitWriter, group: 0 | 1 | 2): void;
}

export function createQrText(): QrText {
  const bytes = new Uint8Array(maxQrCharacters * 3);
  const utf8 = new TextEncoder();
  const segmentations = [createSegmentation(), createSegmentation(), createSegmentation()];
  let length = 0;
  let isUtf8 = false;

  const headBits = (): number => (isUtf8 ? eciBits : 0);
  const segmented = (group: 0 | 1 | 2): Segmentation => {
    const segmentation = segmentations[group]!;
    if (segmentation.bits === 0) segment(segmentation, bytes, length, countBits[group]);
    return segmentation;
  };
  const writeEci = (writer: BitWriter): void => {
    if (isUtf8) appendBits(writer, (eciIndicator << 8) | eciUtf8, eciBits);
  };
  return {
    take: (text) => {
      checkCodeText(text, maxQrCharacters);
      length = text.length;
      let all = 0;
      for (let index = 0; index < length; index++) {
        const code = text.charCodeAt(index);
        bytes[index] = code;
        all |= code;
      }
      isUtf8 = all > 127;
      if (isUtf8) length = utf8.encodeInto(text, bytes).written;
      for (const segmentation of segmentations) segmentation.bits = 0;
    },
    bitsAsBytes: (group) => headBits() + 4 + countBits[group][byte]! + 8 * length,
    leastBits: () => headBits() + leastBitsOf(bytes, length),
    bitsInSegments: (group) => headBits() + segmented(group).bits,
    writeBytes: (writer, group) => {
      writeEci(writer);
      writeSegment(writer, byte!, countBits[group], bytes, 0, length);
    },
    writeSegments: (writer, group) => {
      writeEci(writer);
      const { modes } = segmented(group);
      let from = 0;
      while (from < length) {
        let to = from + 1;
        while (to < length && modes[to] === modes[from]) to++;
        writeSegment(writer, modes[from]!, countBits[group], bytes, from, to);
        from = to;
      }
    },
  };
}

/** The shortest heads of a segment: of bytes, and of any narrower mode. In bits. */
const leastHead = 4 + Math.min(...countBits.map((counts) => counts[byte]!));
const leastNarrowHead =
  4 + Math.min(...countBits.flatMap((counts) => [counts[numeric]!, counts[alphanumeric]!]));

/**
 * Characters that only bytes can hold cost their 8 bits. A stretch of others between them is held as bytes too, or costs
 * at least what its characters need, the head of a narrower segment and the head of the bytes after it.
 */
function leastBitsOf(bytes: Uint8Array, length: number): number {
  let total = 0;
  let stretch = 0;
  let stretchSixths = 0;
  let afterBytes = false;
  for (let index = 0; index < length; index++) {
    const mode = narrowestModes[bytes[index]!]!;
    if (mode !== byte) {
      stretch++;
      stretchSixths += sixths[mode]!;
      continue;
    }
    if (stretch > 0) {
      const heads = leastNarrowHead + (afterBytes ? leastHead : 0);
      total += Math.min(8 * stretch, stretchSixths / 6 + heads);
      stretch = stretchSixths = 0;
    }
    afterBytes = true;
    total += 8;
  }
  if (!afterBytes) return leastNarrowHead + Math.ceil(stretchSixths / 6);
  return leastHead + Math.ceil(total + Math.min(8 * stretch, stretchSixths / 6 + leastNarrowHead));
}

interface Segmentation {
  /** 0 while not computed. */
  bits: number;
  /** For each byte, the mode that carries it. */
  modes: Uint8Array;
  /** For each byte and mode, the mode of the byte before it on the cheapest way here. */
  before: Uint8Array;
}

function createSegmentation(): Segmentation {
  return { bits: 0, modes: new Uint8Array(0), before: new Uint8Array(0) };
}

/**
 * The cheapest segmentation, by dynamic programming over (byte, mode). Costs are sixths of a bit; a segment that ends is
 * rounded up to whole bits, which keeps the order of any two ways, so the best way to each state is all that matters.
 */
function segment(
  segmentation: Segmentation,
  bytes: Uint8Array,
  length: number,
  counts: readonly number[],
): void {
  if (segmentation.modes.length < length) {
    segmentation.modes = new Uint8Array(length * 2);
    segmentation.before = new Uint8Array(length * 6);
  }
  const { modes, before } = segmentation;
  const costs = [0, 0, 0];
  const heads = counts.map((count) => 6 * (4 + count));
  for (let index = 0; index < length; index++) {
    const best = cheapest(costs);
    const afterBest = index === 0 ? 0 : roundUpToBits(costs[best]!);
    const narrowest = narrowestModes[bytes[index]!]!;
    for (let mode = 0; mode < 3; mode++) {
      const stay = index === 0 ? never : costs[mode]!;
      const change = afterBest + heads[mode]!;
      before[index * 3 + mode] = stay <= change ? mode : best;
      costs[mode] = mode < narrowest ? never : Math.min(stay, change) + sixths[mode]!;
    }
  }
  let mode = cheapest(costs);
  segmentation.bits = roundUpToBits(costs[mode]!) / 6;
  for (let index = length - 1; index >= 0; index--) {
    modes[index] = mode;
    mode = before[index * 3 + mode]!;
  }
}

/** By whole bits, since a fraction of one is worth nothing where a segment ends; the wider mode where equal. */
function cheapest(costs: readonly number[]): number {
  let best = byte!;
  for (const mode of [alphanumeric!, numeric!])
    if (roundUpToBits(costs[mode]!) < roundUpToBits(costs[best]!)) best = mode;
  return best;
}

function roundUpToBits(cost: number): number {
  return Math.ceil(cost / 6) * 6;
}

function writeSegment(
  writer: BitWriter,
  mode: number,
  counts: readonly number[],
  bytes: Uint8Array,
  from: number,
  to: number,
): void {
  appendBits(writer, modeIndicators[mode]!, 4);
  appendBits(writer, to - from, counts[mode]!);
  if (mode === byte) writeByteMode(writer, bytes, from, to);
  else if (mode === numeric) writeDigits(writer, bytes, from, to);
  else writeAlphanumerics(writer, bytes, from, to);
}

function writeByteMode(writer: BitWriter, bytes: Uint8Array, from: number, to: number): void {
  const used = writer.bitCount & 7;
  let at = writer.bitCount >> 3;
  let pending = used === 0 ? 0 : writer.bytes[at]!;
  for (let index = from; index < to; index++) {
    const code = bytes[index]!;
    writer.bytes[at++] = pending | (code >> used);
    pending = code << (8 - used);
  }
  writer.bytes[at] = pending;
  writer.bitCount += 8 * (to - from);
}

function writeDigits(writer: BitWriter, bytes: Uint8Array, from: number, to: number): void {
  for (let index = from; index < to; index += 3) {
    const end = Math.min(index + 3, to);
    let value = 0;
    for (let digit = index; digit < end; digit++) value = value * 10 + bytes[digit]! - 48;
    appendBits(writer, value, 3 * (end - index) + 1);
  }
}

function writeAlphanumerics(writer: BitWriter, bytes: Uint8Array, from: number, to: number): void {
  for (let index = from; index < to; index += 2) {
    const value = alphanumericValues[bytes[index]!]!;
    if (index + 1 < to) appendBits(writer, value * 45 + alphanumericValues[bytes[index + 1]!]!, 11);
    else appendBits(writer, value, 6);
  }
}
