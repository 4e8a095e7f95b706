import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  fileAt,
  filesOf,
  ordinalAt,
  placeOf,
  planRun,
  type RunPlan,
  voidOrdinal,
} from '../../src/imposition/plan.ts';

const size = fc.record({
  recordCount: fc.integer({ min: 0, max: 3000 }),
  positions: fc.integer({ min: 1, max: 30 }),
  sheetsPerFile: fc.integer({ min: 1, max: 40 }),
});
const check = (holds: (plan: RunPlan) => void): void =>
  fc.assert(fc.property(size, (each) => holds(planRun(each))));

/** What comes out of the press: for each file the sheets from first to last, for each sheet its positions. */
const printed = (plan: RunPlan): number[][][] =>
  [...filesOf(plan)].map((file) =>
    Array.from({ length: file.sheets }, (_, sheet) =>
      Array.from({ length: plan.positions }, (_, position) => ordinalAt(file, sheet, position)),
    ),
  );
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('imposition plan', () => {
  it('prints every record once: a permutation', () => {
    check((plan) => {
      const found = printed(plan)
        .flat(2)
        .filter((ordinal) => ordinal !== voidOrdinal);
      assert.deepEqual(
        found.sort((a, b) => a - b),
        upTo(plan.recordCount),
      );
    });
  });

  it('gives stacks in number order that lie one after another in the order of the file', () => {
    check((plan) => {
      for (const [index, sheets] of printed(plan).entries()) {
        const stacks = upTo(plan.positions).map((position) =>
          sheets.map((sheet) => sheet[position] as number),
        );
        const { firstOrdinal, records, voids } = fileAt(plan, index);
        const cards = stacks.flat();
        assert.deepEqual(
          cards.slice(0, records),
          upTo(records).map((each) => firstOrdinal + each),
        );
        assert.deepEqual(cards.slice(records), Array(voids).fill(voidOrdinal), 'VOID after the last card');
      }
    });
  });

  it('balances: records and VOID are the places of all sheets', () => {
    check((plan) => {
      const files = [...filesOf(plan)];
      const sum = (key: 'records' | 'sheets' | 'voids'): number =>
        files.reduce((total, file) => total + file[key], 0);
      assert.equal(sum('records'), plan.recordCount);
      assert.equal(sum('sheets'), plan.sheets);
      assert.equal(sum('voids'), plan.voids);
      assert.equal(plan.recordCount + plan.voids, plan.sheets * plan.positions);
      assert.equal(files.length, plan.fileCount);
      for (const file of files) {
        assert.ok(file.voids < plan.positions, 'no sheet more than needed');
        assert.ok(file.sheets <= plan.sheetsPerFile);
      }
    });
  });

  it('tells where a record is: placeOf and ordinalAt are inverse', () => {
    check((plan) => {
      for (const ordinal of upTo(plan.recordCount)) {
        const { file, sheet, position } = placeOf(plan, ordinal);
        assert.equal(ordinalAt(fileAt(plan, file), sheet, position), ordinal);
      }
    });
  });

  it('imposes exactly the numbers of a remake list', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 1_000_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 24 }), (asked, positions) => {
        const list = asked.sort((a, b) => a - b);
        const plan = planRun({ recordCount: list.length, positions, sheetsPerFile: 3 });
        const remade = printed(plan)
          .flat(2)
          .filter((ordinal) => ordinal >= 0)
          .map((ordinal) => list[ordinal] as number);
        assert.deepEqual(
          remade.sort((a, b) => a - b),
          list,
        );
      }),
    );
  });

  it('stays exact beyond 2^31, and computes instead of storing', () => {
    const recordCount = 2 ** 40 + 12_345;
    const plan = planRun({ recordCount, positions: 24, sheetsPerFile: 250 });
    for (const ordinal of [0, 2 ** 31, 2 ** 32 + 1, recordCount - 1]) {
      const { file, sheet, position } = placeOf(plan, ordinal);
      assert.equal(ordinalAt(fileAt(plan, file), sheet, position), ordinal);
    }
    assert.equal(recordCount + plan.voids, plan.sheets * 24);
  });

  it('has the worked example: 5 cards, 2 × 2 up', () => {
    assert.deepEqual(printed(planRun({ recordCount: 5, positions: 4, sheetsPerFile: 500 })), [
      [
        [0, 2, 4, -1],
        [1, 3, -1, -1],
      ],
    ]);
  });

  it('throws for numbers that cannot be', () => {
    const sound = { recordCount: 1, positions: 1, sheetsPerFile: 1 };
    for (const wrong of [
      { recordCount: -1 },
      { recordCount: Number.NaN },
      { positions: 0 },
      { sheetsPerFile: 2 ** 53 },
    ])
      assert.throws(() => planRun({ ...sound, ...wrong }), RangeError);
    assert.throws(() => placeOf(planRun(sound), 1), RangeError);
    assert.throws(() => fileAt(planRun(sound), 1), RangeError);
  });
});
