import { Refusal } from '../refusal.ts';
import { code128Widths } from './code-128-widths.ts';
import { checkCodeText, type Fnc1 } from './code-text.ts';
import type { Modules } from './modules.ts';

export interface Code128Encoder {
  /**
   * The shortest symbol of an ASCII text: one row, 11 modules a character and 13 for the stop. It is valid until the next
   * call, which writes into the same bytes.
   * @throws Refusal `code-empty`, `code-text-broken`, `code-character-unsupported`, `code-too-long`.
   */
  encode(text: string): Modules;
}

/** GS1-128 allows 48; far longer symbols are not read in one sweep any more. */
const maxCharacters = 200;
const quietModules = 10;
const checkModulus = 103;
const stop = 106;
const shift = 98;
const fnc1Value = 102;
const groupSeparator = 29;
/** Sets A, B, C by number. */
const sets = 3;
const setC = 2;
const startValues = [103, 104, 105];
/** The value that changes to a set is the same in the two others. */
const changeValues = [101, 100, 99];
const never = 1 << 20;

/** Code 128 by ISO/IEC 15417:2007; with GS1, GS1-128. An encoder keeps its buffers and belongs to one thread. */
export function createCode128Encoder(options: { readonly fnc1?: Fnc1 } = {}): Code128Encoder {
  const isGs1 = options.fnc1 === 'gs1';
  const values = new Uint8Array(2 * maxCharacters + 4);
  const bits = new Uint8Array(Math.ceil((values.length * 11 + 2) / 8));
  const way = createWay(isGs1);
  return {
    encode: (text) => {
      checkCodeText(text, maxCharacters);
      const count = way.write(text, values);
      values[count] = checkValue(values, count);
      values[count + 1] = stop;
      const width = drawBars(values, count + 2, bits);
      return { width, height: 1, bits: bits.subarray(0, Math.ceil(width / 8)), quiet: quietModules };
    },
  };
}

/** The start weighs 1 like the first character after it, which weighs 1, the next 2 and so on. */
function checkValue(values: Uint8Array, count: number): number {
  let sum = values[0]!;
  for (let index = 1; index < count; index++) sum += index * values[index]!;
  return sum % checkModulus;
}

function drawBars(values: Uint8Array, count: number, bits: Uint8Array): number {
  bits.fill(0);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const widths = code128Widths[values[index]!]!;
    for (let element = 0; element < widths.length; element++) {
      const end = at + widths.charCodeAt(element) - 48;
      if (element % 2 === 1) at = end;
      else for (; at < end; at++) bits[at >> 3]! |= 128 >> (at & 7);
    }
  }
  return at;
}

/**
 * The cheapest way through the sets, by dynamic programming. Node `index · 3 + set` means: so many characters are written
 * and the set holds; its cost is the number of symbol characters so far.
 */
function createWay(isGs1: boolean): { write(text: string, values: Uint8Array): number } {
  const costs = new Int32Array((maxCharacters + 1) * sets);
  const parents = new Int32Array((maxCharacters + 1) * sets);
  const nodes = new Int32Array((maxCharacters + 1) * 2);
  const reach = (node: number, cost: number, parent: number): void => {
    if (cost >= costs[node]!) return;
    costs[node] = cost;
    parents[node] = parent;
  };
  const step = (text: string, index: number): void => {
    const here = index * sets;
    for (let from = 0; from < sets; from++)
      for (let to = 0; to < sets; to++) reach(here + to, costs[here + from]! + 1, here + from);
    const code = text.charCodeAt(index);
    for (let set = 0; set < sets; set++) {
      const cost = costs[here + set]!;
      if (isGs1 && code === groupSeparator) reach(here + sets + set, cost + 1, here + set);
      else if (set !== setC) reach(here + sets + set, cost + (isIn(set, code) ? 1 : 2), here + set);
      else if (isDigitPair(text, index)) reach(here + 2 * sets + set, cost + 1, here + set);
    }
  };
  return {
    write: (text, values) => {
      checkAscii(text);
      costs.fill(never, sets, (text.length + 1) * sets);
      for (let set = 0; set < sets; set++) [costs[set], parents[set]] = [1, -1];
      for (let index = 0; index < text.length; index++) step(text, index);
      let count = 0;
      for (let node = cheapestEnd(costs, text.length); node >= 0; node = parents[node]!)
        nodes[count++] = node;
      return writeValues(text, nodes.subarray(0, count).reverse(), isGs1, values);
    },
  };
}

function cheapestEnd(costs: Int32Array, length: number): number {
  const end = length * sets;
  let best = end;
  for (let node = end + 1; node < end + sets; node++) if (costs[node]! < costs[best]!) best = node;
  return best;
}

function writeValues(text: string, nodes: Int32Array, isGs1: boolean, values: Uint8Array): number {
  let at = 0;
  values[at++] = startValues[nodes[0]! % sets]!;
  if (isGs1) values[at++] = fnc1Value;
  for (let step = 1; step < nodes.length; step++) {
    const index = Math.floor(nodes[step - 1]! / sets);
    const set = nodes[step]! % sets;
    if (Math.floor(nodes[step]! / sets) === index) {
      values[at++] = changeValues[set]!;
      continue;
    }
    const code = text.charCodeAt(index);
    if (isGs1 && code === groupSeparator) values[at++] = fnc1Value;
    else if (set === setC) values[at++] = (code - 48) * 10 + text.charCodeAt(index + 1) - 48;
    else {
      if (!isIn(set, code)) values[at++] = shift;
      values[at++] = code < 32 ? code + 64 : code - 32;
    }
  }
  return at;
}

/** Set A holds control characters and capitals, set B all printable ones; each reaches the other's by a shift. */
function isIn(set: number, code: number): boolean {
  return set === 0 ? code < 96 : code >= 32;
}

function isDigitPair(text: string, index: number): boolean {
  return isDigit(text.charCodeAt(index)) && isDigit(text.charCodeAt(index + 1));
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function checkAscii(text: string): void {
  for (let index = 0; index < text.length; index++)
    if (text.charCodeAt(index) > 127)
      throw new Refusal(
        'code-character-unsupported',
        `character ${index + 1} is not ASCII, all that Code 128 carries`,
      );
}
