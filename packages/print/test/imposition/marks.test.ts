import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createCode128Encoder } from '../../src/code/code-128.ts';
import { k100, type SpotInk } from '../../src/draw/ink.ts';
import { ptPerMm } from '../../src/draw/pen.ts';
import {
  type Box,
  type Cell,
  type Geometry,
  geometryOf,
  type SideGeometry,
} from '../../src/imposition/geometry.ts';
import { drawStaticMarks, type MarkedInks } from '../../src/imposition/marks.ts';
import { drawSlug, type SheetSlug } from '../../src/imposition/slug.ts';
import { drawVoid } from '../../src/imposition/void.ts';
import { parsePress } from '../../src/press/parse.ts';
import type { PressProfile } from '../../src/press/schema.ts';
import { Refusal } from '../../src/refusal.ts';
import { anyPress, cr80 } from './presses.ts';
import { type Marked, plainTypeface, RecordingPen } from './recording-pen.ts';

const scratch: SpotInk = { name: 'Scratch 刮刮层', cmyk: [0, 0, 0, 0.6] };
const inks: MarkedInks = { process: true, spots: [scratch] };
const slug: SheetSlug = {
  jobName: '礼品卡 Gift cards',
  dateText: '2026-11-24 09:30',
  fileNo: 2,
  fileCount: 12,
  sheetNo: 17,
  sheetsInFile: 500,
  firstRecordNo: 10_017,
  lastRecordNo: 19_517,
  sheetId: '0123abcd-2-17',
};

function drawn({ press, geometry, side }: Sheet, file = inks, told = slug): Marked[] {
  const pen = new RecordingPen();
  drawStaticMarks(pen, geometry, side, press.marks!, file, plainTypeface);
  drawSlug(pen, geometry, side, told, plainTypeface, createCode128Encoder());
  return pen.marked;
}

interface Sheet {
  readonly press: PressProfile;
  readonly geometry: Geometry;
  readonly side: SideGeometry;
}
const sheetsOf = (press: PressProfile): Sheet[] => {
  const geometry = geometryOf(press, cr80, 2);
  return [geometry.front, geometry.back!].map((side) => ({ press, geometry, side }));
};

const sample = parsePress({
  version: 1,
  name: 'sample',
  dotsPerInch: 600,
  bleedMm: 1.5,
  sheet: { widthMm: 450, heightMm: 320, columns: 4, rows: 5, gutterXMm: 4, gutterYMm: 4, gripperMm: 12 },
  duplex: { turn: 'side' },
  marks: { crop: true, registration: true, colourBar: true, slug: true, stackNumbers: true },
});
const [front, back] = sheetsOf(sample) as [Sheet, Sheet];

describe('marks', () => {
  it('lie on no card, on no bleed, and not on gripper or margin, on either side', () => {
    fc.assert(
      fc.property(anyPress, (press) => {
        for (const sheet of sheetsOf(press)) {
          const { sheet: { gripperMm = 0, marginMm = 0 } = {} } = press;
          const free = freeBox(sheet, gripperMm, marginMm);
          const bleeds = sheet.side.cells.map(inkedBox);
          for (const { box, kind } of drawn(sheet)) {
            assert.ok(isWithin(box, free, sheet.geometry.dotPt + 0.3), `${kind} outside the printable sheet`);
            for (const bleed of bleeds) assert.ok(overlap(box, bleed) <= 0, `${kind} on a card`);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('do not lie on one another, the cross of a target on its ring aside', () => {
    fc.assert(
      fc.property(anyPress, (press) => {
        for (const sheet of sheetsOf(press)) {
          const marks = drawn(sheet).filter(
            ({ ink, kind }) => ink?.kind !== 'registration' || kind === 'path',
          );
          const crops = drawn(sheet).filter(
            ({ ink, kind }) => ink?.kind === 'registration' && kind === 'line',
          );
          for (const [index, { box, kind }] of marks.entries()) {
            for (const other of marks.slice(index + 1))
              assert.ok(
                Math.abs(overlap(box, other.box)) < 1e-6 || overlap(box, other.box) < 0,
                `${kind} on ${other.kind}`,
              );
            if (kind !== 'path')
              for (const crop of crops) assert.ok(overlap(box, crop.box) < 0, `${kind} on a crop mark`);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('mark every cut from both ends, on every plate', () => {
    for (const { side, ...rest } of [front, back]) {
      const lines = drawn({ side, ...rest }).filter(
        ({ kind, ink }) => kind === 'line' && ink?.kind === 'registration',
      );
      const [left, bottom, right, top] = side.block;
      for (const { trim } of side.cells) {
        for (const x of [trim[0], trim[2]]) {
          assert.ok(lines.some(({ box }) => box[0] === x && box[2] === x && box[3] < bottom));
          assert.ok(lines.some(({ box }) => box[0] === x && box[2] === x && box[1] > top));
        }
        for (const y of [trim[1], trim[3]]) {
          assert.ok(lines.some(({ box }) => box[1] === y && box[3] === y && box[2] < left));
          assert.ok(lines.some(({ box }) => box[1] === y && box[3] === y && box[0] > right));
        }
      }
    }
  });

  it('mark the cuts between cards too where two bleeds leave room', () => {
    const wide = parsePress({ ...sample, sheet: { ...sample.sheet, rows: 4, gutterYMm: 8 } });
    const inGutter = (press: PressProfile): number => {
      const [sheet] = sheetsOf(press) as [Sheet, Sheet];
      const [, bottom, , top] = sheet.side.block;
      return drawn(sheet).filter(
        ({ box, kind }) => kind === 'line' && box[0] === box[2] && box[1] > bottom && box[3] < top,
      ).length;
    };
    assert.equal(inGutter(sample), 0);
    assert.equal(inGutter(wide), 3 * 8);
  });

  it('put targets of both sides behind one another', () => {
    const centres = ({ geometry, side, press }: Sheet): string[] =>
      drawn({ geometry, side, press })
        .filter(({ kind, ink }) => kind === 'path' && ink?.kind === 'registration')
        .map(({ box }) => [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] as const)
        .map(([x, y]) => (side.side === 'back' ? [side.mediaBox[2] - x, y] : [x, y]))
        .map((centre) => centre.map((at) => Math.round(at)).join())
        .sort();
    assert.equal(centres(front).length, 4);
    assert.deepEqual(centres(back), centres(front));
  });

  it('show each ink of the file in the colour bar, and none that it has not', () => {
    const patches = (file: MarkedInks) =>
      drawn(front, file)
        .filter(({ kind }) => kind === 'rect')
        .map(({ ink }) => ink!);
    const all = patches(inks);
    for (const tint of [1, 0.5])
      for (const which of [0, 1, 2, 3]) {
        const cmyk = [0, 1, 2, 3].map((each) => (each === which ? tint : 0));
        assert.ok(
          all.some((ink) => ink.kind === 'cmyk' && String(ink.cmyk) === String(cmyk)),
          String(cmyk),
        );
      }
    assert.deepEqual(
      all.filter(({ kind }) => kind === 'spot'),
      [{ kind: 'spot', spot: scratch, tint: 1 }],
    );
    assert.deepEqual(patches({ process: false, spots: [scratch] }), [
      { kind: 'spot', spot: scratch, tint: 1 },
    ]);
    assert.deepEqual(patches({ process: false, spots: [] }), []);
  });

  it('number the stacks above their columns', () => {
    const [first, , , last] = drawn(front).filter(({ text }) => text?.includes(' · '));
    assert.equal(first!.text, '1 · 5 · 9 · 13 · 17');
    assert.equal(last!.text, '4 · 8 · 12 · 16 · 20');
    assert.ok(first!.box[0] > front.side.cells[0]!.trim[0] && first!.box[2] < front.side.cells[0]!.trim[2]);
  });
});

describe('sheet slug', () => {
  it('tells job, file, sheet, side, records and date in black alone', () => {
    const [line] = drawn(front).filter(({ text }) => text?.includes('Sheet'));
    assert.equal(
      line!.text,
      '礼品卡 Gift cards  文件 File 2/12  印张 Sheet 17/500  正面 Front  记录 Records 10017-19517  2026-11-24 09:30',
    );
    assert.deepEqual(line!.ink, k100);
    assert.ok(drawn(back).some(({ text }) => text?.includes('背面 Back')));
  });

  it('cuts a long job name short and keeps all else, within the strip', () => {
    const [line] = drawn(front, inks, { ...slug, jobName: '很长的名称'.repeat(60) }).filter(({ text }) =>
      text?.includes('Sheet'),
    );
    const { dotPt } = front.geometry;
    assert.match(line!.text!, /^很长的名称.*\.\.\. {2}文件 File 2\/12 .*09:30$/);
    assert.ok(line!.box[3] <= front.side.block[3] + dotPt && line!.box[1] >= front.side.block[1] - dotPt);
  });

  it('draws its code on dots, bars of at least 0.25 mm, the quiet zone kept', () => {
    fc.assert(
      fc.property(anyPress, (press) => {
        for (const sheet of sheetsOf(press).filter(({ side }) => side.slug !== undefined)) {
          const marks = drawn(sheet);
          const code = marks.find(({ kind }) => kind === 'modules')!;
          const { dotPt } = sheet.geometry;
          const dots = code.moduleWidthPt! / dotPt;
          assert.ok(Math.abs(dots - Math.round(dots)) < 1e-6 && code.moduleWidthPt! >= 0.25 * ptPerMm - 1e-6);
          const quiet = 10 * code.moduleWidthPt! - 1e-6;
          const alongX = sheet.side.slug!.edge === 'top' || sheet.side.slug!.edge === 'bottom';
          const zone: Box = alongX
            ? [code.box[0] - quiet, code.box[1], code.box[2] + quiet, code.box[3]]
            : [code.box[0], code.box[1] - quiet, code.box[2], code.box[3] + quiet];
          for (const other of marks) assert.ok(other === code || overlap(other.box, zone) <= 0, other.kind);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a character that its typeface lacks, naming it, and throws for an id that no reader takes', () => {
    assert.throws(
      () => drawn(front, inks, { ...slug, jobName: 'x\ue123' }),
      (error) =>
        error instanceof Refusal &&
        error.code === 'slug-character-missing' &&
        error.detail.includes('U+E123'),
    );
    for (const sheetId of ['', '卡', 'x'.repeat(25)])
      assert.throws(() => drawn(front, inks, { ...slug, sheetId }), RangeError);
  });
});

describe('VOID', () => {
  it('crosses the card out within its trim, the words in the middle and not struck through', () => {
    const pen = new RecordingPen();
    drawVoid(pen, cr80, plainTypeface);
    const trim: Box = [0, 0, cr80.widthMm * ptPerMm, cr80.heightMm * ptPerMm];
    const words = pen.marked.find(({ text }) => text === 'VOID 作废')!;
    const strokes = pen.marked.filter(({ kind }) => kind === 'line');
    assert.equal(strokes.length, 4);
    for (const { box, ink } of [words, ...strokes]) {
      assert.ok(isWithin(box, trim, 1e-6));
      assert.deepEqual(ink, k100);
    }
    for (const { box } of strokes) assert.ok(overlap(box, words.box) <= 0);
    assert.ok(Math.abs((words.box[0] + words.box[2]) / 2 - trim[2] / 2) < 1e-6);
  });
});

function inkedBox({ trim, clip: [x, y, w, h], matrix: [a, b, c, d, e, f] }: Cell): Box {
  const xs = [a * x + c * y + e, a * (x + w) + c * (y + h) + e, trim[0], trim[2]];
  const ys = [b * x + d * y + f, b * (x + w) + d * (y + h) + f, trim[1], trim[3]];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

function overlap(a: Box, b: Box): number {
  return Math.min(Math.min(a[2], b[2]) - Math.max(a[0], b[0]), Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
}

function isWithin(inner: Box, outer: Box, slack: number): boolean {
  return [0, 1].every((at) => inner[at]! >= outer[at]! - slack && inner[at + 2]! <= outer[at + 2]! + slack);
}

/** What the press can print of this side: the gripper holds the edge that enters first, which turning by it swaps. */
function freeBox({ press, side }: Sheet, gripperMm: number, marginMm: number): Box {
  const swap: Record<string, string> =
    press.duplex!.turn === 'side' ? { left: 'right', right: 'left' } : { top: 'bottom', bottom: 'top' };
  const grips = press.sheet!.gripperEdge;
  const blank = (edge: string): number =>
    ptPerMm * (edge === grips || swap[edge] === grips ? Math.max(gripperMm, marginMm) : marginMm);
  const [, , right, top] = side.mediaBox;
  return [blank('left'), blank('bottom'), right - blank('right'), top - blank('top')];
}
