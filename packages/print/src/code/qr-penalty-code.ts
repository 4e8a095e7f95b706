import type { Lanes } from './qr-lanes.ts';
import { type Code, i32, type Local, Locals, loop, type VectorFunction, v128 } from './vector-code.ts';

/** Scores of ISO/IEC 18004:2015, table 11. */
const blockPoints = 3;
const finderPoints = 40;

/** Masks that are scored at once: one in each 32-bit lane of a vector. */
export const masksAtOnce = 4;
export const vectorBytes = 16;
const wordBytes = 4;

/** The last part that a finder looks for begins so many words after the first. */
const finderReach = 12;

/**
 * Where the function finds what it reads and leaves what it writes, in bytes. Grids of vectors have a word of each of four
 * masks side by side, grids of words one word for all.
 */
export interface PenaltyPlaces {
  /** Grids of words: the data by rows, the same by columns, and the lanes' neighbours. */
  readonly rowData: number;
  readonly columnData: number;
  readonly neighbours: number;
  /** Grids of vectors: the patterns of the first four masks. */
  readonly rowPatterns: number;
  readonly columnPatterns: number;
  /** Four grids of vectors to work in. */
  readonly scratch: number;
  readonly gridBytes: number;
  /** Two vectors: points by the rules 1 to 3, and dark modules. */
  readonly results: number;
}

/**
 * A function of one parameter: how far behind the first four masks' patterns those are that it scores. `data` XOR a
 * pattern is a symbol; see `qr-lanes.ts` for the grids.
 */
export function penaltyFunction(lanes: Lanes, places: PenaltyPlaces): VectorFunction {
  const locals = new Locals(1);
  const writer = new PenaltyWriter(lanes, places, locals);
  const { points } = writer;
  const code = [
    ...points.set(v128.zero),
    ...writer.markParts(places.columnData, places.columnPatterns),
    ...writer.scoreRuns(),
    ...writer.scoreFinders(),
    ...writer.markParts(places.rowData, places.rowPatterns),
    ...writer.scoreRuns(),
    ...writer.scoreFinders(),
    ...writer.scoreBlocks(),
    ...v128.store(i32.constant(0), places.results, points.get),
    ...writer.countDark(places.results + vectorBytes),
  ];
  return { locals, code };
}

/** The parts of the function. Sums are kept in each bit's place by planes of binary digits, and counted once at the end. */
class PenaltyWriter {
  readonly points: Local;
  readonly #lanes: Lanes;
  readonly #places: PenaltyPlaces;
  readonly #patternsAt: Local;
  /** The place of the current word's vector in a grid, in bytes. */
  readonly #at: Local;
  readonly #patternAt: Local;
  readonly #wordAt: Local;
  readonly #planes: readonly Local[];
  readonly #carry: Local;
  readonly #nextCarry: Local;
  readonly #modules: readonly [Local, Local, Local, Local];
  readonly #run: Local;
  readonly #nextRun: Local;

  constructor(lanes: Lanes, places: PenaltyPlaces, locals: Locals) {
    this.#lanes = lanes;
    this.#places = places;
    this.#patternsAt = locals.parameter(0);
    this.points = locals.declare('v128');
    this.#at = locals.declare('i32');
    this.#patternAt = locals.declare('i32');
    this.#wordAt = locals.declare('i32');
    // A place gains at most three points a word.
    this.#planes = locals.declareAll('v128', 32 - Math.clz32(3 * lanes.words));
    this.#carry = locals.declare('v128');
    this.#nextCarry = locals.declare('v128');
    this.#modules = [
      locals.declare('v128'),
      locals.declare('v128'),
      locals.declare('v128'),
      locals.declare('v128'),
    ];
    this.#run = locals.declare('v128');
    this.#nextRun = locals.declare('v128');
  }

  /** Scratch: the grid, and marks where a module is as the next one; dark-light-dark begins; one of four is dark. */
  get #scratch(): { grid: number; same: number; darkLightDark: number; anyDark: number } {
    const { scratch, gridBytes } = this.#places;
    return {
      grid: scratch,
      same: scratch + gridBytes,
      darkLightDark: scratch + 2 * gridBytes,
      anyDark: scratch + 3 * gridBytes,
    };
  }

  #load(grid: number, wordsOn: number): Code {
    return v128.load(this.#at.get, grid + wordsOn * vectorBytes);
  }

  #forWords(count: number, body: Code): Code {
    return count === 0 ? [] : loop(this.#at, count * vectorBytes, vectorBytes, body);
  }

  markParts(data: number, patterns: number): Code {
    const { grid, same, darkLightDark, anyDark } = this.#scratch;
    const [module0, module1, module2, module3] = this.#modules;
    const fetch = (into: Local, wordsOn: number): Code => [
      ...into.set(
        v128.xor(
          v128.loadSplat(this.#wordAt.get, data + wordsOn * wordBytes),
          v128.load(this.#patternAt.get, patterns + wordsOn * vectorBytes),
        ),
      ),
      ...v128.store(this.#at.get, grid + wordsOn * vectorBytes, into.get),
    ];
    const address: Code = [
      ...this.#wordAt.set(i32.shiftRight(this.#at.get, 2)),
      ...this.#patternAt.set(i32.add(this.#at.get, this.#patternsAt.get)),
    ];
    const { get: dark0 } = module0;
    const { get: dark1 } = module1;
    const { get: dark2 } = module2;
    const { get: dark3 } = module3;
    return [
      ...this.#at.set(i32.constant(0)),
      ...address,
      ...fetch(module0, 0),
      ...fetch(module1, 1),
      ...fetch(module2, 2),
      ...this.#forWords(this.#lanes.words + finderReach, [
        ...address,
        ...fetch(module3, 3),
        ...v128.store(
          this.#at.get,
          same,
          v128.andNot(v128.loadSplat(this.#wordAt.get, this.#places.neighbours), v128.xor(dark0, dark1)),
        ),
        ...v128.store(this.#at.get, darkLightDark, v128.andNot(v128.and(dark0, dark2), dark1)),
        ...v128.store(this.#at.get, anyDark, v128.or(v128.or(dark0, dark1), v128.or(dark2, dark3))),
        ...module0.set(dark1),
        ...module1.set(dark2),
        ...module2.set(dark3),
      ]),
    ];
  }

  /**
   * Rule 1: a run of n ≥ 5 costs n − 2: one for each place where five modules in a row are the same, which are n − 4, and
   * two for the last of these.
   */
  scoreRuns(): Code {
    const { same } = this.#scratch;
    const [run, nextRun] = [this.#run, this.#nextRun];
    const runAt = (wordsOn: number): Code =>
      v128.and(
        v128.and(this.#load(same, wordsOn), this.#load(same, wordsOn + 1)),
        v128.and(this.#load(same, wordsOn + 2), this.#load(same, wordsOn + 3)),
      );
    return this.#sum(1, this.#planes.length, (planes) => [
      ...this.#at.set(i32.constant(0)),
      ...run.set(runAt(0)),
      ...this.#forWords(this.#lanes.words, [
        ...nextRun.set(runAt(1)),
        ...this.#addOnes(planes, run.get),
        ...this.#addOnes(planes.slice(1), v128.andNot(run.get, nextRun.get)),
        ...run.set(nextRun.get),
      ]),
    ]);
  }

  /** Rule 3: 1:1:3:1:1 with four light modules before or after it. */
  scoreFinders(): Code {
    const { grid, darkLightDark, anyDark } = this.#scratch;
    const ends = v128.and(
      v128.and(this.#load(darkLightDark, 4), this.#load(grid, 7)),
      this.#load(darkLightDark, 8),
    );
    const finder = v128.andNot(ends, v128.and(this.#load(anyDark, 0), this.#load(anyDark, 11)));
    return this.#sum(finderPoints, this.#digits, (planes) =>
      this.#forWords(this.#lanes.words, this.#addOnes(planes, finder)),
    );
  }

  /** Rule 2: 2 × 2 modules of one colour, overlapping ones counted each. The row below is `stride` places on. */
  scoreBlocks(): Code {
    const { words, stride } = this.#lanes;
    const { grid, same } = this.#scratch;
    const offset = stride % words;
    const shift = Math.floor(stride / words);
    const between = (
      planes: readonly Local[],
      count: number,
      above: number,
      below: number,
      right: number,
    ) => {
      const lower = (part: number): Code => v128.shiftRight(this.#load(part, below), right);
      const rowsAreSame = v128.and(this.#load(same, above), lower(same));
      const block = v128.andNot(rowsAreSame, v128.xor(this.#load(grid, above), lower(grid)));
      return this.#forWords(count, this.#addOnes(planes, block));
    };
    return this.#sum(blockPoints, this.#digits, (planes) => [
      ...between(planes, words - offset, 0, offset, shift),
      ...between(planes, offset, words - offset, 0, shift + 1),
    ]);
  }

  countDark(result: number): Code {
    const { grid } = this.#scratch;
    return [
      ...this.points.set(v128.zero),
      ...this.#sum(1, this.#digits, (planes) =>
        this.#forWords(this.#lanes.words, this.#addOnes(planes, this.#load(grid, 0))),
      ),
      ...v128.store(i32.constant(0), result, this.points.get),
    ];
  }

  /** Of a sum that gains at most one a word. */
  get #digits(): number {
    return 32 - Math.clz32(this.#lanes.words);
  }

  /** Adds `factor` times what the body adds up to the points. */
  #sum(factor: number, digits: number, body: (planes: readonly Local[]) => Code): Code {
    const planes = this.#planes.slice(0, digits);
    return [
      ...planes.flatMap((plane) => plane.set(v128.zero)),
      ...body(planes),
      ...planes.flatMap((plane, digit) => this.#addPoints(plane.get, factor << digit)),
    ];
  }

  /** Adds one to the sums of the places that are set: a carry goes from digit to digit. */
  #addOnes(planes: readonly Local[], ones: Code): Code {
    const code: number[] = [...this.#carry.set(ones)];
    planes.forEach((plane, index) => {
      const isLast = index === planes.length - 1;
      if (!isLast) code.push(...this.#nextCarry.set(v128.and(plane.get, this.#carry.get)));
      code.push(...plane.set(v128.xor(plane.get, this.#carry.get)));
      if (!isLast) code.push(...this.#carry.set(this.#nextCarry.get));
    });
    return code;
  }

  #addPoints(plane: Code, factor: number): Code {
    const ones = v128.addPairsOfShorts(v128.addPairsOfBytes(v128.onesOfBytes(plane)));
    const bits = [...factor.toString(2)].toReversed();
    return bits.flatMap((bit, digit) =>
      bit === '0' ? [] : [...this.points.set(v128.add(this.points.get, v128.shiftLeft(ones, digit)))],
    );
  }
}
