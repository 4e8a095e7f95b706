import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createQrEncoder } from '../../src/code/qr.ts';
import { createLaneGrid, createLanes, flip, overlapLanes } from '../../src/code/qr-lanes.ts';
import { createPenaltyScorer, type LanePattern } from '../../src/code/qr-penalty.ts';
import { qrPlan } from '../../src/code/qr-plan.ts';
import { qrLevels, qrSize } from '../../src/code/qr-tables.ts';
import { isDark } from './reading.ts';

type Grid = readonly (readonly boolean[])[];

/** The four rules of ISO/IEC 18004:2015, 7.8.3, word by word. */
function slowScore(grid: Grid): number {
  const size = grid.length;
  const columns = grid.map((_, column) => grid.map((row) => row[column]!));
  const lines = [...grid, ...columns].map((line) => line.map((dark) => (dark ? '#' : '.')).join(''));
  let score = 0;
  for (const line of lines) {
    for (const [run] of line.matchAll(/#+|\.+/g)) if (run.length >= 5) score += run.length - 2;
    const quiet = `....${line}....`;
    for (let at = 4; at < 4 + size - 6; at++) {
      const hasLight = quiet.slice(at - 4, at) === '....' || quiet.slice(at + 7, at + 11) === '....';
      if (quiet.slice(at, at + 7) === '#.###.#' && hasLight) score += 40;
    }
  }
  for (let row = 0; row + 1 < size; row++) {
    for (let column = 0; column + 1 < size; column++) {
      const block = [
        grid[row]![column],
        grid[row]![column + 1],
        grid[row + 1]![column],
        grid[row + 1]![column + 1],
      ];
      if (new Set(block).size === 1) score += 3;
    }
  }
  const darkShare = grid.flat().filter(Boolean).length / (size * size);
  return score + 10 * Math.floor(Math.abs(darkShare * 100 - 50) / 5 + 1e-9);
}

/** The scores of these grids, eight at a time, of one size: as patterns, on data that is their common difference. */
function fastScores(grids: readonly Grid[], data: Grid): number[] {
  const lanes = createLanes(data.length);
  const grid = (of: Grid): LanePattern => {
    const [rows, columns] = [createLaneGrid(lanes), createLaneGrid(lanes)];
    of.forEach((line, row) => {
      line.forEach((dark, column) => {
        if (!dark) return;
        flip(lanes, rows, row, column);
        flip(lanes, columns, column, row);
      });
    });
    overlapLanes(rows, lanes.words);
    overlapLanes(columns, lanes.words);
    return { rows, columns };
  };
  const patterns = grids.map((each) =>
    grid(each.map((line, row) => line.map((dark, column) => dark !== data[row]![column]!))),
  );
  const { rows, columns } = grid(data);
  return [...createPenaltyScorer(lanes, patterns).score(rows, columns)];
}

/** Random modules of any density, with long runs, copied rows and patterns like finders put in. */
const wildGrids = (version: number): fc.Arbitrary<Grid> =>
  fc
    .record({
      density: fc.integer({ min: 0, max: 100 }),
      seed: fc.integer({ min: 1, max: 0x7fffffff }),
      inserts: fc.array(
        fc.record({
          pattern: fc.constantFrom(
            '#.###.#',
            '....#.###.#',
            '#.###.#....',
            '#######',
            '.........',
            '#.###.#.###.#',
          ),
          row: fc.nat(60),
          column: fc.nat(60),
          across: fc.boolean(),
        }),
        { maxLength: 30 },
      ),
      repeatsRows: fc.boolean(),
    })
    .map(({ density, seed, inserts, repeatsRows }): Grid => {
      const size = qrSize(version);
      let state = seed;
      const random = (): number => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return state / 2 ** 32;
      };
      const grid = Array.from({ length: size }, () =>
        Array.from({ length: size }, () => random() * 100 < density),
      );
      if (repeatsRows) for (let row = 1; row < size; row += 2) grid[row] = [...grid[row - 1]!];
      for (const { pattern, row, column, across } of inserts) {
        [...pattern].forEach((sign, step) => {
          const line = grid[(across ? row : row + step) % size]!;
          line[(across ? column + step : column) % size] = sign === '#';
        });
      }
      return grid;
    });

test('the fast scores are the slow scores', () => {
  const symbols = fc.integer({ min: 1, max: 9 }).chain((version) =>
    fc.record({
      grids: fc.array(wildGrids(version), { minLength: 8, maxLength: 8 }),
      data: wildGrids(version),
    }),
  );
  fc.assert(
    fc.property(symbols, ({ grids, data }) => {
      assert.deepEqual(fastScores(grids, data), grids.map(slowScore));
    }),
    { numRuns: 200 },
  );
});

test('and for grids of one colour and for the largest version', () => {
  for (const version of [1, 4, 5, 6, 7, 25, 40]) {
    const size = qrSize(version);
    const grids = [
      () => true,
      () => false,
      (at: number) => at % 3 === 0,
      (at: number) => (at * at) % 7 < 3,
    ].map((kind) =>
      Array.from({ length: size }, (_, row) =>
        Array.from({ length: size }, (_, column) => kind(row * size + column)),
      ),
    );
    assert.deepEqual(fastScores(grids, grids[3]!), grids.map(slowScore), `version ${version}`);
  }
});

test('no other mask has a lower score than the one that is taken', () => {
  for (const [version, level] of [1, 2, 4, 5, 7, 12].flatMap((each) =>
    qrLevels.map((level) => [each, level] as const),
  )) {
    const symbol = createQrEncoder({ level, minVersion: version }).encode(`CARD-${version}`);
    const { patterns } = qrPlan(version, level);
    const scores = patterns.map((pattern) => {
      const bits = symbol.bits.map((byte, at) => byte ^ patterns[symbol.mask]![at]! ^ pattern[at]!);
      const other = { ...symbol, bits };
      return slowScore(
        Array.from({ length: symbol.height }, (_, row) =>
          Array.from({ length: symbol.width }, (_, column) => isDark(other, row, column)),
        ),
      );
    });
    assert.equal(scores[symbol.mask], Math.min(...scores), `${version}-${level}: ${scores}`);
  }
});
