/**
 * WebAssembly with 128-bit vectors, written instruction by instruction (WebAssembly core specification 2.0, chapter 5).
 * Code made for its data while the program runs has its sizes and addresses as constants, and needs no compiler beside it.
 */
export type Code = readonly number[];

type ValueType = 'i32' | 'v128';
const valueTypes: Readonly<Record<ValueType, number>> = { i32: 0x7f, v128: 0x7b };

export interface Local {
  readonly get: Code;
  set(value: Code): Code;
}

/** The local variables of one function: its parameters first, all of them i32. */
export class Locals {
  readonly #types: ValueType[] = [];
  readonly parameters: number;

  constructor(parameters: number) {
    this.parameters = parameters;
  }

  parameter(index: number): Local {
    return local(index);
  }

  declare(type: ValueType): Local {
    this.#types.push(type);
    return local(this.parameters + this.#types.length - 1);
  }

  declareAll(type: ValueType, count: number): readonly Local[] {
    return Array.from({ length: count }, () => this.declare(type));
  }

  /** As the head of a function's code wants it. */
  declarations(): Code {
    return vector(this.#types.map((type) => [1, valueTypes[type]]));
  }
}

function local(index: number): Local {
  return {
    get: [0x20, ...unsigned(index)],
    set: (value) => [...value, 0x21, ...unsigned(index)],
  };
}

export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  shiftRight: (a: Code, count: number): Code => [...a, ...i32.constant(count), 0x76],
  isLess: (a: Code, b: Code): Code => [...a, ...b, 0x49],
};

const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)];
const one =
  (opcode: number) =>
  (a: Code): Code => [...a, ...simd(opcode)];
const two =
  (opcode: number) =>
  (a: Code, b: Code): Code => [...a, ...b, ...simd(opcode)];
const shift =
  (opcode: number) =>
  (a: Code, count: number): Code =>
    count === 0 ? a : [...a, ...i32.constant(count), ...simd(opcode)];

/** Addresses are a computed part and a constant one. */
export const v128 = {
  zero: [...simd(12), ...new Array<number>(16).fill(0)] as Code,
  load: (address: Code, offset: number): Code => [...address, ...simd(0), 4, ...unsigned(offset)],
  /** One word into all four lanes. */
  loadSplat: (address: Code, offset: number): Code => [...address, ...simd(9), 2, ...unsigned(offset)],
  store: (address: Code, offset: number, value: Code): Code => [
    ...address,
    ...value,
    ...simd(11),
    4,
    ...unsigned(offset),
  ],
  and: two(78),
  /** a and not b. */
  andNot: two(79),
  or: two(80),
  xor: two(81),
  onesOfBytes: one(98),
  addPairsOfBytes: one(125),
  addPairsOfShorts: one(127),
  shiftLeft: shift(171),
  shiftRight: shift(173),
  add: two(174),
};

/** Runs the body with the counter 0, step, … below `end`; at least once. */
export function loop(counter: Local, end: number, step: number, body: Code): Code {
  return [
    ...counter.set(i32.constant(0)),
    0x03,
    0x40,
    ...body,
    ...counter.set(i32.add(counter.get, i32.constant(step))),
    ...i32.isLess(counter.get, i32.constant(end)),
    0x0d,
    0,
    0x0b,
  ];
}

/** Instances share one memory, which they import; each function takes i32 parameters and returns nothing. */
export interface VectorFunction {
  readonly locals: Locals;
  readonly code: Code;
}

/** The function as a call. `memory` is a shared one, of these limits in pages of 64 KiB. */
export function assemble(
  { locals, code }: VectorFunction,
  memory: WebAssembly.Memory,
  limits: { readonly initial: number; readonly maximum: number },
): (...parameters: number[]) => void {
  const body = [...locals.declarations(), ...code, 0x0b];
  const parameters = new Array<Code>(locals.parameters).fill([valueTypes.i32]);
  const bytes = Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [[0x60, ...vector(parameters), 0]]),
    ...section(2, [
      [...name('host'), ...name('memory'), 2, 3, ...unsigned(limits.initial), ...unsigned(limits.maximum)],
    ]),
    ...section(3, [[0]]),
    ...section(7, [[...name('run'), 0, 0]]),
    ...section(10, [[...unsigned(body.length), ...body]]),
  ]);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory } });
  return instance.exports['run'] as (...parameters: number[]) => void;
}

function section(id: number, items: readonly Code[]): Code {
  const content = vector(items);
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function name(text: string): Code {
  return [...unsigned(text.length), ...Buffer.from(text, 'ascii')];
}

/** LEB128. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

function signed(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  for (; rest < -0x40 || rest > 0x3f; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest & 0x7f];
}
