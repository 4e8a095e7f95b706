import type { Fnc1 } from './code-text.ts';
import { type TripleSet, tripleSets, triplesOf } from './data-matrix-triples.ts';
import {
  ascii,
  base256,
  createDataMatrixWay,
  type DataMatrixBytes,
  type End,
  edifact,
  isDigitPair,
  isFnc1,
  longBase256,
  states,
  tripleStart,
} from './data-matrix-way.ts';

/** Encodation of texts into codewords (ISO/IEC 16022:2006, 5.2), with the fewest that its modes allow. */
export interface DataMatrixText {
  /** The next text's bytes go here, then `take` is called. */
  readonly bytes: Uint8Array;
  /** Finds the cheapest encodation of bytes that are ASCII, or UTF-8 with `isUtf8`. */
  take(length: number, isUtf8: boolean, fnc1: Fnc1): void;
  /** Whether a symbol of so many data codewords holds the text. A full one needs no unlatch at its end. */
  fits(dataCodewords: number): boolean;
  /** The fewest data codewords that hold the text: for a message. */
  least(): number;
  /** Writes all data codewords of a symbol that the text fits, padding included. */
  write(codewords: Uint8Array, dataCodewords: number): void;
}

const fnc1Codeword = 232;
const upperShift = 235;
const unlatch = 254;
const edifactUnlatch = 31;
/** UTF-8, in the register of extended channel interpretations, whose numbers below 127 are written plus one. */
const eciUtf8 = [241, 26 + 1];
const latches: ReadonlyMap<number, number> = new Map([
  [tripleStart.c40, 230],
  [base256, 231],
  [tripleStart.x12, 238],
  [tripleStart.text, 239],
  [edifact, 240],
]);

export function createDataMatrixText(maxBytes: number): DataMatrixText {
  const text: DataMatrixBytes = { bytes: new Uint8Array(maxBytes), length: 0, fnc1: 'none' };
  const way = createDataMatrixWay(text);
  let head: readonly number[] = [];
  return {
    bytes: text.bytes,
    take: (length, isUtf8, fnc1) => {
      text.length = length;
      text.fnc1 = fnc1;
      head = fnc1 === 'gs1' ? [fnc1Codeword] : isUtf8 ? eciUtf8 : [];
      way.find();
    },
    fits: (dataCodewords) => way.endFor(dataCodewords - head.length) !== undefined,
    least: () => {
      let codewords = 1;
      while (way.endFor(codewords) === undefined) codewords++;
      return codewords + head.length;
    },
    write: (codewords, dataCodewords) => {
      const end = way.endFor(dataCodewords - head.length)!;
      const writer: Writer = { codewords, at: 0, waiting: [] };
      for (const codeword of head) put(writer, codeword);
      writeWay(writer, text, way.nodesTo(end));
      writeEnd(writer, text, end, dataCodewords);
      for (let at = writer.at; at < dataCodewords; at++)
        codewords[at] = at === writer.at ? 129 : randomisedPad(at + 1);
    },
  };
}

interface Writer {
  readonly codewords: Uint8Array;
  at: number;
  /** Values of C40, Text, X12 or EDIFACT that do not fill codewords yet. */
  readonly waiting: number[];
}

function put(writer: Writer, codeword: number): void {
  writer.codewords[writer.at++] = codeword;
}

function writeWay(writer: Writer, text: DataMatrixBytes, nodes: readonly number[]): void {
  for (let step = 1; step < nodes.length; step++) {
    const [index, state] = [Math.floor(nodes[step - 1]! / states), nodes[step - 1]! % states];
    const [nextIndex, nextState] = [Math.floor(nodes[step]! / states), nodes[step]! % states];
    if (nextIndex > index) writeBytes(writer, text, index, nextIndex - index, state);
    else if (nextState === ascii) leave(writer, state);
    else {
      put(writer, latches.get(nextState)!);
      if (nextState === base256) writeLength(writer, runLength(nodes, step));
    }
  }
}

/** Bytes of one step: two are a pair of digits in ASCII. */
function writeBytes(
  writer: Writer,
  text: DataMatrixBytes,
  index: number,
  count: number,
  state: number,
): void {
  const byte = text.bytes[index]!;
  if (state === ascii) writeAscii(writer, text, index, count === 2);
  else if (state === base256) put(writer, randomise255(byte, writer.at + 1));
  else if (state >= edifact) writeEdifact(writer, byte & 63);
  else for (const value of triplesOf(setOf(state), byte, isFnc1(text, index))) writeTriple(writer, value);
}

function setOf(state: number): TripleSet {
  return tripleSets.findLast((set) => tripleStart[set] <= state)!;
}

function writeAscii(writer: Writer, text: DataMatrixBytes, index: number, isPair: boolean): void {
  const byte = text.bytes[index]!;
  if (isPair) put(writer, 130 + (byte - 48) * 10 + text.bytes[index + 1]! - 48);
  else if (isFnc1(text, index)) put(writer, fnc1Codeword);
  else {
    if (byte > 127) put(writer, upperShift);
    put(writer, (byte & 127) + 1);
  }
}

function writeTriple(writer: Writer, value: number): void {
  const { waiting } = writer;
  waiting.push(value);
  if (waiting.length < 3) return;
  const sum = waiting[0]! * 1600 + waiting[1]! * 40 + waiting[2]! + 1;
  put(writer, sum >> 8);
  put(writer, sum & 255);
  waiting.length = 0;
}

function writeEdifact(writer: Writer, value: number): void {
  const { waiting } = writer;
  waiting.push(value);
  if (waiting.length < 4) return;
  const bits = (waiting[0]! << 18) | (waiting[1]! << 12) | (waiting[2]! << 6) | waiting[3]!;
  for (const shift of [16, 8, 0]) put(writer, (bits >> shift) & 255);
  waiting.length = 0;
}

function leave(writer: Writer, state: number): void {
  if (state < base256) put(writer, unlatch);
  if (state < edifact) return;
  writeEdifact(writer, edifactUnlatch);
  while (writer.waiting.length > 0) writeEdifact(writer, 0);
}

/** The last codewords, where a full symbol or one that is nearly full spares the unlatch. */
function writeEnd(writer: Writer, text: DataMatrixBytes, { node, left }: End, dataCodewords: number): void {
  for (let index = text.length - left; index < text.length; index++) {
    const isPair = isDigitPair(text, index);
    writeAscii(writer, text, index, isPair);
    if (isPair) index++;
  }
  const isTriple = node % states > ascii && node % states < base256;
  if (isTriple && writer.at < dataCodewords) put(writer, unlatch);
}

function runLength(nodes: readonly number[], from: number): number {
  let to = from;
  while (to + 1 < nodes.length && nodes[to + 1]! % states === base256) to++;
  return to - from;
}

function writeLength(writer: Writer, length: number): void {
  const values = length < longBase256 ? [length] : [Math.floor(length / 250) + 249, length % 250];
  for (const value of values) put(writer, randomise255(value, writer.at + 1));
}

/** Annex B: padding and Base 256 are scattered, so that equal bytes make no large areas of one colour. */
function randomisedPad(position: number): number {
  const value = 129 + ((149 * position) % 253) + 1;
  return value <= 254 ? value : value - 254;
}

function randomise255(value: number, position: number): number {
  return (value + ((149 * position) % 255) + 1) & 255;
}
