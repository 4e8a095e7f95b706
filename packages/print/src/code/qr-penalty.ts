import { createLaneGrid, type Lanes } from './qr-lanes.ts';
import { masksAtOnce, penaltyFunction, vectorBytes } from './qr-penalty-code.ts';
import { assemble } from './vector-code.ts';

/** Score of ISO/IEC 18004:2015, table 11. */
const balancePoints = 10;

/** What a mask adds to the data, as lane grids with their overlap filled: by rows, and with rows and columns exchanged. */
export interface LanePattern {
  readonly rows: Int32Array;
  readonly columns: Int32Array;
}

/**
 * Scores symbols by the four rules of ISO/IEC 18004:2015, 7.8.3. Where its wording leaves a choice: the quiet zone
 * counts as light, a pattern like a finder with light on both sides counts once, and a share of dark modules exactly on
 * a step of 5 % belongs to the step farther from 50 %.
 */
export interface PenaltyScorer {
  /** The penalties of the data XOR each pattern, until the next call. Grids as those of a pattern. */
  score(rows: Int32Array, columns: Int32Array): Int32Array;
}

/** Takes memory for good: one scorer for each version and level is meant. */
export function createPenaltyScorer(lanes: Lanes, patterns: readonly LanePattern[]): PenaltyScorer {
  const gridWords = createLaneGrid(lanes).length;
  const gridBytes = gridWords * vectorBytes;
  const rowData = takeWords(gridWords);
  const columnData = takeWords(gridWords);
  const neighbours = takeWords(gridWords);
  neighbours.set(lanes.neighbours);
  const results = takeWords(2 * masksAtOnce);
  const groups = Array.from({ length: patterns.length / masksAtOnce }, (_, group) =>
    placePatterns(patterns.slice(group * masksAtOnce, (group + 1) * masksAtOnce), gridWords),
  );
  const firstGroup = groups[0]!;
  const run = assemble(
    penaltyFunction(lanes, {
      rowData: rowData.byteOffset,
      columnData: columnData.byteOffset,
      neighbours: neighbours.byteOffset,
      rowPatterns: firstGroup,
      columnPatterns: firstGroup + gridBytes,
      scratch: 0,
      gridBytes,
      results: results.byteOffset,
    }),
    memory,
    memoryLimits,
  );
  const modules = lanes.size * lanes.size;
  const scores = new Int32Array(patterns.length);
  return {
    score: (rows, columns) => {
      rowData.set(rows);
      columnData.set(columns);
      for (let group = 0; group < groups.length; group++) {
        run(groups[group]! - firstGroup);
        for (let lane = 0; lane < masksAtOnce; lane++)
          scores[group * masksAtOnce + lane] =
            results[lane]! + scoreBalance(results[masksAtOnce + lane]!, modules);
      }
      return scores;
    },
  };
}

/** Rule 4: ten points for each full 5 % that the dark modules are off one half. */
function scoreBalance(dark: number, modules: number): number {
  return balancePoints * Math.floor(Math.abs(20 * dark - 10 * modules) / modules);
}

/** Their words side by side, rows and then columns. Returns the address. */
function placePatterns(patterns: readonly LanePattern[], gridWords: number): number {
  const grids = takeWords(2 * gridWords * masksAtOnce);
  patterns.forEach(({ rows, columns }, lane) => {
    [...rows, ...columns].forEach((word, index) => {
      grids[index * masksAtOnce + lane] = word;
    });
  });
  return grids.byteOffset;
}

/** Of all scorers of a thread. Shared memory because its views stay good when it grows. */
const memoryLimits = { initial: 2, maximum: 1024 } as const;
const memory = new WebAssembly.Memory({ ...memoryLimits, shared: true });
/** At its beginning, four grids of the largest version for all to work in. */
let usedBytes = 1 << 16;

function takeWords(words: number): Int32Array {
  const at = usedBytes;
  usedBytes += Math.ceil((words * Int32Array.BYTES_PER_ELEMENT) / vectorBytes) * vectorBytes;
  const missing = usedBytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / (1 << 16)));
  return new Int32Array(memory.buffer, at, words);
}
