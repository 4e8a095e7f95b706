/**
 * The grid for scoring: 32 lanes side by side. Module (row, column) has the flat place
 * `gap + row · stride + column`; place p is bit ⌊p / words⌋ of word p mod words. So the next module is the same bit of the
 * next word: a step costs no shift, and the lanes are full for every version. Four light modules lie between rows: they
 * are the quiet zone of one and of the other.
 */
export interface Lanes {
  readonly size: number;
  readonly stride: number;
  readonly words: number;
  /** Set where a module and the next one are in the same row; with overlap. */
  readonly neighbours: Int32Array;
}

/** A pattern of the size looks up to so many words further: the lanes are continued there by the beginning of the next. */
export const laneOverlap = 16;

const gap = 4;

export function createLanes(size: number): Lanes {
  const stride = size + gap;
  const words = Math.ceil((gap + size * stride) / 32);
  const lanes: Lanes = { size, stride, words, neighbours: new Int32Array(words + laneOverlap) };
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size - 1; column++) flip(lanes, lanes.neighbours, row, column);
  }
  overlapLanes(lanes.neighbours, words);
  return lanes;
}

export function createLaneGrid({ words }: Lanes): Int32Array {
  return new Int32Array(words + laneOverlap);
}

export function laneWord(lanes: Lanes, row: number, column: number): number {
  return (gap + row * lanes.stride + column) % lanes.words;
}

export function laneBit(lanes: Lanes, row: number, column: number): number {
  return Math.floor((gap + row * lanes.stride + column) / lanes.words);
}

export function flip(lanes: Lanes, grid: Int32Array, row: number, column: number): void {
  grid[laneWord(lanes, row, column)]! ^= 1 << laneBit(lanes, row, column);
}

/** Fills the words past the end, once all modules are set. */
export function overlapLanes(grid: Int32Array, words: number): void {
  for (let word = words; word < words + laneOverlap; word++) grid[word] = grid[word - words]! >>> 1;
}
