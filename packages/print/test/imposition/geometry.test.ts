import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Matrix, ptPerMm } from '../../src/draw/pen.ts';
import {
  type Box,
  backPosition,
  type Cell,
  type Geometry,
  geometryOf,
  type SideGeometry,
} from '../../src/imposition/geometry.ts';
import { parsePress } from '../../src/press/parse.ts';
import type { PressProfile } from '../../src/press/schema.ts';
import { Refusal } from '../../src/refusal.ts';
import { anyPress, cr80 } from './presses.ts';

const width = cr80.widthMm * ptPerMm;
const height = cr80.heightMm * ptPerMm;
type Point = readonly [number, number];

const applied = ([a, b, c, d, e, f]: Matrix, [x, y]: Point): Point => [a * x + c * y + e, b * x + d * y + f];
const isWhole = (value: number, unit: number): boolean =>
  Math.abs(value / unit - Math.round(value / unit)) < 1e-6;
const inkedBox = ({ matrix, clip: [x, y, w, h] }: Cell): Box => {
  const [x0, y0] = applied(matrix, [x, y]);
  const [x1, y1] = applied(matrix, [x + w, y + h]);
  return [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
};
const isWithin = (inner: Box, outer: Box, slack = 1e-6): boolean =>
  inner[0] >= outer[0] - slack &&
  inner[1] >= outer[1] - slack &&
  inner[2] <= outer[2] + slack &&
  inner[3] <= outer[3] + slack;
const overlap = (a: Box, b: Box): number =>
  Math.min(Math.min(a[2], b[2]) - Math.max(a[0], b[0]), Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
const sidesOf = ({ front, back }: Geometry): SideGeometry[] => [front, ...(back === undefined ? [] : [back])];

describe('sheet geometry', () => {
  it('puts every back behind its front, the right way round: a sheet of paper that is turned', () => {
    fc.assert(
      fc.property(anyPress, fc.double({ min: 0, max: 1, noNaN: true }), (press, part) => {
        const { front, back, dotPt, positions } = geometryOf(press, cr80, 2);
        assert.ok(back !== undefined && press.duplex !== undefined);
        for (let position = 0; position < positions; position++) {
          for (const [x, y] of [
            [0, 0],
            [width, 0],
            [width * part, height * 0.8],
          ] as const) {
            const [X, Y] = applied(front.cells[position]!.matrix, [x, y]);
            const behind = turnedPoint(press.duplex.turn, [X, Y], front.mediaBox);
            // The same place of the card, found on its back.
            const onBack: Point = press.duplex.back === 'head-to-head' ? [width - x, y] : [x, height - y];
            const drawn = applied(back.cells[position]!.matrix, onBack);
            const off = Math.hypot(drawn[0] - behind[0], drawn[1] - behind[1]);
            assert.ok(off <= dotPt * 1.5, `${off} pt apart, a dot is ${dotPt} pt`);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('agrees with backPosition, which is its own inverse', () => {
    fc.assert(
      fc.property(anyPress, (press) => {
        const { back, columns, rows } = geometryOf(press, cr80, 2);
        const turn = press.duplex!.turn;
        for (const { row, column, trim } of back!.cells) {
          const there = backPosition(row, column, { columns, rows, turn });
          assert.deepEqual(backPosition(there.row, there.column, { columns, rows, turn }), { row, column });
          const leftOf = back!.cells.filter((cell) => cell.trim[0] < trim[0] - 1 && cell.row === row).length;
          const above = back!.cells.filter(
            (cell) => cell.trim[1] > trim[1] + 1 && cell.column === column,
          ).length;
          assert.deepEqual({ row: above, column: leftOf }, there);
        }
      }),
    );
  });

  it('lays cards and pages on whole dots, half a dot from where they belong', () => {
    fc.assert(
      fc.property(anyPress, (press) => {
        const geometry = geometryOf(press, cr80, 2);
        const { dotPt } = geometry;
        for (const { mediaBox, cells } of sidesOf(geometry)) {
          assert.ok(isWhole(mediaBox[2], dotPt) && isWhole(mediaBox[3], dotPt));
          for (const { matrix } of cells) assert.ok(isWhole(matrix[4], dotPt) && isWhole(matrix[5], dotPt));
        }
        const pitchMm =
          (press.sheet?.cards === 'quarter-turn' ? cr80.heightMm : cr80.widthMm) + geometry.gutterXMm;
        for (const { column, trim } of geometry.front.cells) {
          const exact = geometry.front.cells[0]!.trim[0] + column * pitchMm * ptPerMm;
          assert.ok(Math.abs(trim[0] - exact) <= dotPt + 1e-6);
        }
      }),
    );
  });

  it('keeps inks of neighbours apart, and all of them off gripper and margins', () => {
    fc.assert(
      fc.property(anyPress, (press) => {
        const geometry = geometryOf(press, cr80, 2);
        const free = freeBox(press, geometry);
        for (const side of sidesOf(geometry)) {
          const boxes = side.cells.map(inkedBox);
          for (const [index, box] of boxes.entries()) {
            if (side.side === 'front') assert.ok(isWithin(box, free, geometry.dotPt));
            assert.ok(isWithin(side.cells[index]!.trim, box));
            for (const other of boxes.slice(index + 1))
              assert.ok(overlap(box, other) <= geometry.dotPt + 1e-6);
          }
        }
      }),
    );
  });

  it('gives each card its whole bleed where gutters allow it, half the gutter where they do not', () => {
    const sheet = { widthMm: 450, heightMm: 320, columns: 3, rows: 2, gutterXMm: 4, gutterYMm: 2 };
    const press = parsePress({ version: 1, name: 'x', dotsPerInch: 600, bleedMm: 1.5, sheet });
    const { front } = geometryOf(press, cr80, 1);
    const bleeds = front.cells.map(({ clip: [x, y, w, h] }) =>
      [-x, x + w - width, -y, y + h - height].map(inMm),
    );
    assert.deepEqual(bleeds.slice(0, 2), [
      [1.5, 1.5, 1, 1.5],
      [1.5, 1.5, 1, 1.5],
    ]);
    assert.deepEqual(bleeds[3], [1.5, 1.5, 1.5, 1]);
  });

  it('numbers positions by rows from the upper left of the front', () => {
    const sheet = { widthMm: 450, heightMm: 320, columns: 2, rows: 2, gutterXMm: 4, gutterYMm: 4 };
    const press = parsePress({ version: 1, name: 'x', dotsPerInch: 600, bleedMm: 1.5, sheet });
    const { front } = geometryOf(press, cr80, 1);
    assert.deepEqual(
      front.cells.map(({ position, row, column }) => [position, row, column]),
      [
        [0, 0, 0],
        [1, 0, 1],
        [2, 1, 0],
        [3, 1, 1],
      ],
    );
    const [first, second, third] = front.cells;
    assert.ok(first!.trim[0] < second!.trim[0] && first!.trim[1] > third!.trim[1]);
    for (const box of [front.bleedBox, front.trimBox])
      assert.deepEqual(box, front.mediaBox, 'the untrimmed sheet');
  });

  it('makes a page of the card and its bleed where there is no sheet', () => {
    const press = parsePress({ version: 1, name: 'x', dotsPerInch: 300, bleedMm: 1.5 });
    const geometry = geometryOf(press, cr80, 2);
    for (const { mediaBox, bleedBox, trimBox, cells } of sidesOf(geometry)) {
      assert.equal(cells.length, 1);
      assert.ok(isWithin(trimBox, bleedBox, 0) && isWithin(bleedBox, mediaBox, 0));
      assert.deepEqual([inMm(trimBox[2] - trimBox[0]), inMm(trimBox[3] - trimBox[1])], [85.6, 53.98]);
      assert.deepEqual([inMm(bleedBox[2] - bleedBox[0]), inMm(bleedBox[3] - bleedBox[1])], [88.6, 56.98]);
      assert.ok(mediaBox[2] - (bleedBox[2] - bleedBox[0]) < 2 * geometry.dotPt);
    }
  });

  it('refuses a back on a press that prints fronts only', () => {
    const sheet = { widthMm: 450, heightMm: 320, columns: 2, rows: 2, gutterXMm: 4, gutterYMm: 4 };
    const press = parsePress({ version: 1, name: 'x', dotsPerInch: 600, bleedMm: 1.5, sheet });
    assert.throws(
      () => geometryOf(press, cr80, 2),
      (error) => error instanceof Refusal && error.code === 'press-lacks-duplex',
    );
    assert.equal(geometryOf(press, cr80, 1).back, undefined);
  });
});

const inMm = (pt: number): number => Math.round((pt / ptPerMm) * 1e4) / 1e4;

function turnedPoint(turn: 'side' | 'head', [x, y]: Point, page: Box): Point {
  return turn === 'side' ? [page[2] - x, y] : [x, page[3] - y];
}

function freeBox({ sheet }: PressProfile, { front }: Geometry): Box {
  const blank = (edge: string): number =>
    ptPerMm * (sheet!.gripperEdge === edge ? Math.max(sheet!.gripperMm, sheet!.marginMm) : sheet!.marginMm);
  const [, , right, top] = front.mediaBox;
  return [blank('left'), blank('bottom'), right - blank('right'), top - blank('top')];
}
