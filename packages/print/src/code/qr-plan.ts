import { createDivisor, createGaloisField, type Divisor } from './galois.ts';
import {
  createLaneGrid,
  createLanes,
  flip,
  type Lanes,
  laneBit,
  laneWord,
  overlapLanes,
} from './qr-lanes.ts';
import { drawFormat, drawFunctionPatterns, isMasked, type QrCanvas } from './qr-patterns.ts';
import { createPenaltyScorer, type LanePattern, type PenaltyScorer } from './qr-penalty.ts';
import { type QrBlocks, type QrLevel, qrBlocks, qrSize, totalCodewords } from './qr-tables.ts';

const maskCount = 8;

/**
 * All that a symbol of one version and level owes to these alone. Codewords are numbered as they are computed: all data,
 * then the check codewords block by block; the interleaving of 7.6 is part of where each one goes.
 */
export interface QrPlan {
  readonly version: number;
  readonly level: QrLevel;
  readonly size: number;
  readonly bytesARow: number;
  readonly blocks: QrBlocks;
  readonly divisor: Divisor;
  readonly lanes: Lanes;
  /**
   * For each bit of each codeword, highest first: its word (10 bits) and bit (5 bits) in the lanes by rows, then the same
   * for the lanes by columns, from the lowest bit of the number.
   */
  readonly lanePlaces: Uint32Array;
  /** For each of these bits: byte · 8 + bit, in the rows of the finished symbol. */
  readonly bytePlaces: Uint16Array;
  /** For each mask, everything but the data, in the rows of the finished symbol: function patterns, and the mask itself. */
  readonly patterns: readonly Uint8Array[];
  readonly scorer: PenaltyScorer;
}

const field = createGaloisField(0x11d);
const plans = new Map<string, QrPlan>();

export function qrPlan(version: number, level: QrLevel): QrPlan {
  const key = `${version}${level}`;
  const known = plans.get(key);
  if (known !== undefined) return known;
  const plan = createPlan(version, level);
  plans.set(key, plan);
  return plan;
}

function createPlan(version: number, level: QrLevel): QrPlan {
  const size = qrSize(version);
  const blocks = qrBlocks(version, level);
  const lanes = createLanes(size);
  const bytesARow = Math.ceil(size / 8);
  const canvas = drawFunctionPatterns(version);
  const path = dataPath(canvas);
  const order = transmissionOrder(blocks);
  const bitCount = totalCodewords(version) * 8;
  const lanePlaces = new Uint32Array(bitCount);
  const bytePlaces = new Uint16Array(bitCount);
  const patterns = Array.from({ length: maskCount }, (_, mask) => createPattern(canvas, lanes, level, mask));
  for (let sent = 0; sent < bitCount; sent++) {
    const bit = order[sent >> 3]! * 8 + (sent & 7);
    const { row, column } = path[sent]!;
    const byRows = laneWord(lanes, row, column) | (laneBit(lanes, row, column) << 10);
    const byColumns = laneWord(lanes, column, row) | (laneBit(lanes, column, row) << 10);
    lanePlaces[bit] = byRows | (byColumns << 15);
    bytePlaces[bit] = (row * bytesARow + (column >> 3)) * 8 + (7 - (column & 7));
  }
  return {
    version,
    level,
    size,
    bytesARow,
    blocks,
    divisor: createDivisor(field, blocks.checkCodewords, 0),
    lanes,
    lanePlaces,
    bytePlaces,
    patterns: patterns.map(({ bytes }) => bytes),
    scorer: createPenaltyScorer(lanes, patterns),
  };
}

/** Where the bits go, in order: pairs of columns from the right, upwards and downwards in turn (7.7.3). */
function dataPath(canvas: QrCanvas): { row: number; column: number }[] {
  const { size } = canvas;
  const path: { row: number; column: number }[] = [];
  let upwards = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++) {
      const row = upwards ? size - 1 - step : step;
      for (const column of [right, right - 1])
        if (canvas.reserved[row * size + column] === 0) path.push({ row, column });
    }
    upwards = !upwards;
  }
  return path;
}

/** The codewords' numbers in the order in which the symbol carries them (7.6): the blocks in turn, data first. */
function transmissionOrder(blocks: QrBlocks): number[] {
  const order: number[] = [];
  for (let index = 0; index <= blocks.shortLength; index++) {
    for (let block = 0; block < blocks.blocks; block++)
      if (index < blockLength(blocks, block)) order.push(blockStart(blocks, block) + index);
  }
  for (let index = 0; index < blocks.checkCodewords; index++) {
    for (let block = 0; block < blocks.blocks; block++)
      order.push(blocks.dataCodewords + block * blocks.checkCodewords + index);
  }
  return order;
}

export function blockLength(blocks: QrBlocks, block: number): number {
  return blocks.shortLength + (block < blocks.blocks - blocks.longBlocks ? 0 : 1);
}

export function blockStart(blocks: QrBlocks, block: number): number {
  return block * blocks.shortLength + Math.max(0, block - (blocks.blocks - blocks.longBlocks));
}

function createPattern(
  canvas: QrCanvas,
  lanes: Lanes,
  level: QrLevel,
  mask: number,
): LanePattern & { bytes: Uint8Array } {
  const { size } = canvas;
  const bytesARow = Math.ceil(size / 8);
  const rows = createLaneGrid(lanes);
  const columns = createLaneGrid(lanes);
  const bytes = new Uint8Array(size * bytesARow);
  const withFormat = drawFormat(canvas, level, mask);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const at = row * size + column;
      const isDark = canvas.reserved[at] === 0 ? isMasked(mask, row, column) : withFormat.dark[at] === 1;
      if (!isDark) continue;
      flip(lanes, rows, row, column);
      flip(lanes, columns, column, row);
      bytes[row * bytesARow + (column >> 3)]! |= 128 >> (column & 7);
    }
  }
  overlapLanes(rows, lanes.words);
  overlapLanes(columns, lanes.words);
  return { rows, columns, bytes };
}
