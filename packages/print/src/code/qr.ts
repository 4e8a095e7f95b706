import { Refusal } from '../refusal.ts';
import { writeCheckBytes } from './galois.ts';
import type { Modules } from './modules.ts';
import { appendBits, type BitWriter } from './qr-bits.ts';
import { createLaneGrid, overlapLanes } from './qr-lanes.ts';
import { blockLength, blockStart, type QrPlan, qrPlan } from './qr-plan.ts';
import { createQrText, versionGroup } from './qr-segments.ts';
import { maxQrVersion, type QrLevel, qrBlocks, qrLevels, qrSize } from './qr-tables.ts';

export interface QrOptions {
  readonly level: QrLevel;
  /** The smallest version used, from 1: for a run whose symbols shall all have one size, that of its longest text. */
  readonly minVersion?: number;
  readonly maxVersion?: number;
  /** Takes a higher level where it fits into the same version. */
  readonly boostLevel?: boolean;
}

export interface QrSymbol extends Modules {
  readonly version: number;
  readonly level: QrLevel;
  readonly mask: number;
}

export interface QrEncoder {
  /**
   * The symbol of a text, of the smallest version that holds it, with the mask of the lowest penalty. It is valid until
   * the next call, which writes into the same bytes. A text of ASCII is carried as it is, any other as UTF-8 with ECI 26.
   * @throws Refusal `code-empty`, `code-text-broken`, `code-too-long`.
   */
  encode(text: string): QrSymbol;
  /** The version that `encode` would take. */
  versionOf(text: string): number;
}

const quietModules = 4;

/** QR codes by ISO/IEC 18004:2015, model 2. An encoder keeps its buffers and belongs to one thread. */
export function createQrEncoder(options: QrOptions): QrEncoder {
  const { level, minVersion = 1, maxVersion = maxQrVersion, boostLevel = false } = options;
  const isRange =
    [minVersion, maxVersion].every(Number.isInteger) && minVersion >= 1 && minVersion <= maxVersion;
  if (!isRange || maxVersion > maxQrVersion) throw new RangeError(`versions ${minVersion} to ${maxVersion}`);
  const text = createQrText();
  const presses = new Map<QrPlan, SymbolPress>();
  const capacities = Array.from({ length: maxQrVersion + 1 }, (_, version) =>
    version === 0 ? 0 : 8 * qrBlocks(version, level).dataCodewords,
  );

  const firstVersion = (bitsOf: (version: number) => number): number | undefined => {
    for (let version = minVersion; version <= maxVersion; version++)
      if (bitsOf(version) <= capacities[version]!) return version;
    return undefined;
  };
  /** Bytes alone are quickest to write; segments are looked for only where they could make the symbol smaller. */
  const choose = (): { version: number; inSegments: boolean } => {
    const asBytes = firstVersion((version) => text.bitsAsBytes(versionGroup(version)));
    const isSmallest =
      asBytes !== undefined && (asBytes === minVersion || text.leastBits() > capacities[asBytes - 1]!);
    if (isSmallest && !boostLevel) return { version: asBytes, inSegments: false };
    const version = firstVersion((each) => text.bitsInSegments(versionGroup(each)));
    if (version === undefined)
      throw tooLong(text.bitsInSegments(versionGroup(maxVersion)), maxVersion, level);
    return { version, inSegments: true };
  };
  return {
    encode: (value) => {
      text.take(value);
      const { version, inSegments } = choose();
      const group = versionGroup(version);
      const taken = boostLevel ? highestLevel(version, level, text.bitsInSegments(group)) : level;
      const plan = qrPlan(version, taken);
      const press = presses.get(plan) ?? createSymbolPress(plan);
      presses.set(plan, press);
      press.writer.bitCount = 0;
      if (inSegments) text.writeSegments(press.writer, group);
      else text.writeBytes(press.writer, group);
      return press.finish();
    },
    versionOf: (value) => {
      text.take(value);
      return choose().version;
    },
  };
}

function tooLong(bits: number, version: number, level: QrLevel): Refusal {
  const holds = 8 * qrBlocks(version, level).dataCodewords;
  return new Refusal(
    'code-too-long',
    `the text needs ${bits} bits; a QR code of version ${version} (${qrSize(version)} modules) at level ${level} holds ${holds}`,
  );
}

function highestLevel(version: number, from: QrLevel, bits: number): QrLevel {
  let highest = from;
  for (const level of qrLevels.slice(qrLevels.indexOf(from)))
    if (bits <= 8 * qrBlocks(version, level).dataCodewords) highest = level;
  return highest;
}

interface SymbolPress {
  /** The data codewords are written here from bit 0, then `finish` is called. */
  readonly writer: BitWriter;
  finish(): QrSymbol;
}

/**
 * Makes symbols of one plan. Check codewords and placement are linear over GF(2): the data that is new against the symbol
 * before is divided and placed, no more, and added to what lies there. Cards of a run share most of their address.
 */
function createSymbolPress(plan: QrPlan): SymbolPress {
  const { blocks, divisor, lanes, size, bytesARow, lanePlaces, bytePlaces } = plan;
  const { dataCodewords } = blocks;
  const total = dataCodewords + blocks.blocks * blocks.checkCodewords;
  const writer: BitWriter = { bytes: new Uint8Array(dataCodewords + 1), bitCount: 0 };
  const before = new Uint8Array(dataCodewords);
  const change = new Uint8Array(total);
  const rows = createLaneGrid(lanes);
  const columns = createLaneGrid(lanes);
  const placed = new Uint8Array(size * bytesARow);
  const bits = new Uint8Array(size * bytesARow);
  const { version, level } = plan;
  const symbol = { width: size, height: size, bits, quiet: quietModules, version, level, mask: 0 };

  const placeChange = (): void => {
    for (let codeword = 0; codeword < total; codeword++) {
      const changed = change[codeword]!;
      if (changed === 0) continue;
      for (let bit = codeword * 8, shift = 7; shift >= 0; bit++, shift--) {
        const value = (changed >>> shift) & 1;
        const place = lanePlaces[bit]!;
        const bytePlace = bytePlaces[bit]!;
        rows[place & 1023]! ^= value << (place >>> 10);
        columns[(place >>> 15) & 1023]! ^= value << (place >>> 25);
        placed[bytePlace >>> 3]! ^= value << (bytePlace & 7);
      }
    }
  };
  return {
    writer,
    finish: () => {
      pad(writer, dataCodewords);
      for (let index = 0; index < dataCodewords; index++) {
        const codeword = writer.bytes[index]!;
        change[index] = codeword ^ before[index]!;
        before[index] = codeword;
      }
      for (let block = 0; block < blocks.blocks; block++) {
        const checkFrom = dataCodewords + block * blocks.checkCodewords;
        writeCheckBytes(
          divisor,
          change,
          blockStart(blocks, block),
          blockLength(blocks, block),
          1,
          change,
          checkFrom,
        );
      }
      placeChange();
      overlapLanes(rows, lanes.words);
      overlapLanes(columns, lanes.words);
      symbol.mask = lowest(plan.scorer.score(rows, columns));
      const pattern = plan.patterns[symbol.mask]!;
      for (let index = 0; index < bits.length; index++) bits[index] = placed[index]! ^ pattern[index]!;
      return symbol;
    },
  };
}

/** Terminator, zeros to a whole byte, then 236 and 17 in turn (7.4.9 and 7.4.10). */
function pad(writer: BitWriter, dataCodewords: number): void {
  appendBits(writer, 0, Math.min(4, dataCodewords * 8 - writer.bitCount));
  appendBits(writer, 0, -writer.bitCount & 7);
  for (let at = writer.bitCount >> 3, filler = 236; at < dataCodewords; at++, filler ^= 236 ^ 17)
    writer.bytes[at] = filler;
}

/** The first of the lowest. */
function lowest(scores: Int32Array): number {
  let best = 0;
  for (let index = 1; index < scores.length; index++) if (scores[index]! < scores[best]!) best = index;
  return best;
}
