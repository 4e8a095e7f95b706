import { createLaneGrid, type Lanes } from './qr-lanes.ts';

/** Scores of ISO/IEC 18004:2015, table 11. */
const blockPoints = 3;
const finderPoints = 40;
const balancePoints = 10;

/**
 * Scores a symbol by the four rules of ISO/IEC 18004:2015, 7.8.3. Where its wording leaves a choice: the quiet zone
 * counts as light, a pattern like a finder with light on both sides counts once, and a share of dark modules exactly on
 * a step of 5 % belongs to the step farther from 50 %.
 */
export interface PenaltyScorer {
  /**
   * `data` XOR `pattern` is the symbol, once by rows and once with rows and columns exchanged; all of them lane grids with
   * their overlap filled. What reaches `limit` is not counted to its end.
   */
  score(
    rowData: Int32Array,
    rowPattern: Int32Array,
    columnData: Int32Array,
    columnPattern: Int32Array,
    limit?: number,
  ): number;
}

export function createPenaltyScorer(lanes: Lanes): PenaltyScorer {
  const { words, stride, size } = lanes;
  const parts: Parts = {
    grid: createLaneGrid(lanes),
    same: createLaneGrid(lanes),
    darkLightDark: createLaneGrid(lanes),
    light: createLaneGrid(lanes),
  };
  const scoreLines = (data: Int32Array, pattern: Int32Array): number => {
    const { grid } = parts;
    for (let word = 0; word < grid.length; word++) grid[word] = data[word]! ^ pattern[word]!;
    markParts(parts, lanes.neighbours, words + finderReach);
    return scoreRuns(parts.same, words) + finderPoints * countFinders(parts, words);
  };
  return {
    score: (rowData, rowPattern, columnData, columnPattern, limit = Number.POSITIVE_INFINITY) => {
      const columns = scoreLines(columnData, columnPattern);
      const lines = columns + scoreLines(rowData, rowPattern);
      if (lines >= limit) return lines;
      const score = lines + blockPoints * countBlocks(parts, stride, words);
      if (score >= limit) return score;
      return score + scoreBalance(countDark(parts.grid, words), size * size);
    },
  };
}

/** What one direction's lines are made of, each by where it begins. */
interface Parts {
  readonly grid: Int32Array;
  /** A module and the next one of the line are alike. */
  readonly same: Int32Array;
  readonly darkLightDark: Int32Array;
  /** Four light modules. */
  readonly light: Int32Array;
}

/** The last part that a finder looks for begins so many words after the first. */
const finderReach = 12;

/** Apart from the loop that fills the grid: with both in one, V8's code was a quarter slower in all. */
function markParts({ grid, same, darkLightDark, light }: Parts, neighbours: Int32Array, words: number): void {
  let module0 = grid[0]!;
  let module1 = grid[1]!;
  let module2 = grid[2]!;
  for (let word = 0; word < words; word++) {
    const module3 = grid[word + 3]!;
    same[word] = ~(module0 ^ module1) & neighbours[word]!;
    darkLightDark[word] = module0 & ~module1 & module2;
    light[word] = ~(module0 | module1 | module2 | module3);
    module0 = module1;
    module1 = module2;
    module2 = module3;
  }
}

/**
 * Rule 1: a run of n ≥ 5 costs n − 2: one for each place where five modules in a row are the same, which are n − 4, and
 * two for the last of these. The points are added up in each lane by planes of binary digits, and counted at the end.
 */
function scoreRuns(same: Int32Array, words: number): number {
  let points = 0;
  let [ones, twos, fours, eights] = [0, 0, 0, 0];
  let pair1 = same[1]! & same[2]!;
  let pair2 = same[2]! & same[3]!;
  let same3 = same[3]!;
  let run = same[0]! & same[1]! & pair2;
  for (let word = 0; word < words; word++) {
    const same4 = same[word + 4]!;
    const pair3 = same3 & same4;
    const nextRun = pair1 & pair3;
    const last = run & ~nextRun;
    const carry2 = ones & run;
    ones ^= run;
    const half = twos ^ carry2;
    const carry4 = (twos & carry2) | (half & last);
    twos = half ^ last;
    const carry8 = fours & carry4;
    fours ^= carry4;
    const carry16 = eights & carry8;
    eights ^= carry8;
    if (carry16 !== 0) points += 16 * countOnes(carry16);
    run = nextRun;
    pair1 = pair2;
    pair2 = pair3;
    same3 = same4;
  }
  return points + countOnes(ones) + 2 * countOnes(twos) + 4 * countOnes(fours) + 8 * countOnes(eights);
}

/** Rule 3: 1:1:3:1:1 with four light modules before or after it. */
function countFinders({ grid, darkLightDark, light }: Parts, words: number): number {
  let count = 0;
  let [ones, twos] = [0, 0];
  for (let word = 0; word < words; word++) {
    const finder =
      darkLightDark[word + 4]! &
      grid[word + 7]! &
      darkLightDark[word + 8]! &
      (light[word]! | light[word + 11]!);
    const carry2 = ones & finder;
    ones ^= finder;
    const carry4 = twos & carry2;
    twos ^= carry2;
    if (carry4 !== 0) count += 4 * countOnes(carry4);
  }
  return count + countOnes(ones) + 2 * countOnes(twos);
}

/** Rule 2: 2 × 2 modules of one colour, overlapping ones counted each. The row below is `stride` places on. */
function countBlocks(parts: Parts, stride: number, words: number): number {
  const offset = stride % words;
  const shift = Math.floor(stride / words);
  return (
    countBlocksBetween(parts, 0, words - offset, offset, shift) +
    countBlocksBetween(parts, words - offset, words, offset - words, shift + 1)
  );
}

function countBlocksBetween(
  { grid, same }: Parts,
  from: number,
  to: number,
  offset: number,
  shift: number,
): number {
  let count = 0;
  let [ones, twos, fours, eights] = [0, 0, 0, 0];
  for (let word = from; word < to; word++) {
    const below = word + offset;
    const block = same[word]! & (same[below]! >>> shift) & ~(grid[word]! ^ (grid[below]! >>> shift));
    const carry2 = ones & block;
    ones ^= block;
    const carry4 = twos & carry2;
    twos ^= carry2;
    const carry8 = fours & carry4;
    fours ^= carry4;
    const carry16 = eights & carry8;
    eights ^= carry8;
    if (carry16 !== 0) count += 16 * countOnes(carry16);
  }
  return count + countOnes(ones) + 2 * countOnes(twos) + 4 * countOnes(fours) + 8 * countOnes(eights);
}

/** Two words at a time, since nearly every digit of the sums is in use. */
function countDark(grid: Int32Array, words: number): number {
  let count = words % 2 === 1 ? countOnes(grid[words - 1]!) : 0;
  let [ones, twos, fours, eights] = [0, 0, 0, 0];
  for (let word = 1; word < words; word += 2) {
    const first = grid[word - 1]!;
    const second = grid[word]!;
    const half = ones ^ first;
    const carry2 = (ones & first) | (half & second);
    ones = half ^ second;
    const carry4 = twos & carry2;
    twos ^= carry2;
    const carry8 = fours & carry4;
    fours ^= carry4;
    const carry16 = eights & carry8;
    eights ^= carry8;
    if (carry16 !== 0) count += 16 * countOnes(carry16);
  }
  return count + countOnes(ones) + 2 * countOnes(twos) + 4 * countOnes(fours) + 8 * countOnes(eights);
}

/** Rule 4: ten points for each full 5 % that the dark modules are off one half. */
function scoreBalance(dark: number, modules: number): number {
  return balancePoints * Math.floor(Math.abs(20 * dark - 10 * modules) / modules);
}

function countOnes(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
