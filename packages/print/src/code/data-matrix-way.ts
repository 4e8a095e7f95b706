import type { Fnc1 } from './code-text.ts';
import { type TripleSet, tripleSets, triplesOf } from './data-matrix-triples.ts';

/** Bytes to encode: ASCII, or UTF-8; FNC1 stands for the group separator where the text is GS1. */
export interface DataMatrixBytes {
  readonly bytes: Uint8Array;
  length: number;
  fnc1: Fnc1;
}

/**
 * States of the encoder (ISO/IEC 16022:2006, table 1): ASCII; C40, Text and X12, each by the values that wait to fill a
 * triple; Base 256; EDIFACT by the characters that wait to fill a group of four. A node is byte index · `states` + state.
 */
export const ascii = 0;
export const tripleStart: Readonly<Record<TripleSet, number>> = { c40: 1, text: 4, x12: 7 };
export const base256 = 10;
export const edifact = 11;
export const states = 15;

/** From here on Base 256 states its length in two codewords. */
export const longBase256 = 250;
const never = 1 << 28;
/** More bytes than two ASCII codewords carry. */
const maxLeft = 4;

export interface End {
  readonly node: number;
  /** Bytes that follow as ASCII without an unlatch: so near the end of a symbol the reader takes it for granted. */
  readonly left: number;
}

export interface DataMatrixWay {
  find(): void;
  /**
   * Where the cheapest encodation ends that fills at most so many codewords, if there is one. A triple filled up with a
   * shift (5.2.5.2 b) is never used: two characters as ASCII before the latch cost no more.
   */
  endFor(codewords: number): End | undefined;
  /** All nodes up to an end: a step to another index carries bytes, one at the same index changes the mode. */
  nodesTo(end: End): number[];
}

export function isFnc1(text: DataMatrixBytes, index: number): boolean {
  return text.fnc1 === 'gs1' && text.bytes[index] === 29;
}

export function isDigitPair({ bytes, length }: DataMatrixBytes, index: number): boolean {
  return index + 1 < length && isDigit(bytes[index]!) && isDigit(bytes[index + 1]!);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** ASCII codewords for bytes from `index` to the end. */
function asciiCost(text: DataMatrixBytes, index: number): number {
  let cost = 0;
  for (let at = index; at < text.length; at++) {
    cost += text.bytes[at]! < 128 ? 1 : 2;
    if (isDigitPair(text, at)) at++;
  }
  return cost;
}

/** The fewest codewords, by dynamic programming over (bytes written, state). */
export function createDataMatrixWay(text: DataMatrixBytes): DataMatrixWay {
  const { bytes } = text;
  const costs = new Int32Array((bytes.length + 1) * states);
  const parents = new Int32Array((bytes.length + 1) * states);
  /** Bytes in Base 256 so far. */
  const runs = new Int32Array(bytes.length + 1);

  const reach = (node: number, cost: number, parent: number): boolean => {
    if (cost >= costs[node]!) return false;
    costs[node] = cost;
    parents[node] = parent;
    return true;
  };
  /**
   * EDIFACT is left after two or three characters of a group, whose three codewords then hold the unlatch too. After none
   * or one it would cost as much as ASCII for the last characters, and is not allowed where only two codewords follow.
   */
  const changeMode = (index: number): void => {
    const here = index * states;
    for (const set of tripleSets) reach(here, costs[here + tripleStart[set]]! + 1, here + tripleStart[set]);
    reach(here, costs[here + base256]!, here + base256);
    reach(here, costs[here + edifact + 2]! + 1, here + edifact + 2);
    reach(here, costs[here + edifact + 3]!, here + edifact + 3);
    for (const set of tripleSets) reach(here + tripleStart[set], costs[here]! + 1, here);
    reach(here + edifact, costs[here]! + 1, here);
    if (reach(here + base256, costs[here]! + 2, here)) runs[index] = 0;
  };
  const stepTriples = (index: number, set: TripleSet, isFunction: boolean): void => {
    const count = triplesOf(set, bytes[index]!, isFunction).length;
    if (count === 0) return;
    for (let waiting = 0; waiting < 3; waiting++) {
      const from = index * states + tripleStart[set] + waiting;
      const started = Math.ceil((waiting + count) / 3) - Math.ceil(waiting / 3);
      const to = (index + 1) * states + tripleStart[set] + ((waiting + count) % 3);
      reach(to, costs[from]! + 2 * started, from);
    }
  };
  const stepEdifact = (index: number): void => {
    if (bytes[index]! < 32 || bytes[index]! > 94) return;
    for (let waiting = 0; waiting < 4; waiting++) {
      const from = index * states + edifact + waiting;
      const to = (index + 1) * states + edifact + ((waiting + 1) % 4);
      reach(to, costs[from]! + (waiting === 3 ? 0 : 1), from);
    }
  };
  const step = (index: number): void => {
    const here = index * states;
    const next = here + states;
    const isFunction = isFnc1(text, index);
    reach(next, costs[here]! + (bytes[index]! < 128 ? 1 : 2), here);
    if (isDigitPair(text, index)) reach(next + states, costs[here]! + 1, here);
    for (const set of tripleSets) stepTriples(index, set, isFunction);
    if (isFunction) return;
    stepEdifact(index);
    const run = runs[index]! + 1;
    const cost = costs[here + base256]! + (run === longBase256 ? 2 : 1);
    if (reach(next + base256, cost, here + base256)) runs[index + 1] = run;
  };
  const cost = (left: number, state: number): number => costs[(text.length - left) * states + state]!;
  const end = (left: number, state: number): End => ({ node: (text.length - left) * states + state, left });

  return {
    find: () => {
      costs.fill(never, 0, (text.length + 1) * states);
      costs[ascii] = 0;
      for (let index = 0; index < text.length; index++) {
        changeMode(index);
        step(index);
      }
      changeMode(text.length);
    },
    endFor: (codewords) => {
      if (cost(0, ascii) <= codewords) return end(0, ascii);
      for (const set of tripleSets) {
        const start = tripleStart[set];
        if (cost(0, start) <= codewords) return end(0, start);
        for (let left = 1; left <= Math.min(2, text.length); left++)
          if (asciiCost(text, text.length - left) === 1 && cost(left, start) + 1 === codewords)
            return end(left, start);
      }
      for (let left = 0; left <= Math.min(maxLeft, text.length); left++) {
        const room = codewords - cost(left, edifact);
        if (room <= 2 && room >= asciiCost(text, text.length - left)) return end(left, edifact);
      }
      return undefined;
    },
    nodesTo: ({ node }) => {
      const nodes = [node];
      for (let at = node; at !== ascii; nodes.push(at)) at = parents[at]!;
      return nodes.reverse();
    },
  };
}
