import { type Ink, k100, type SpotInk } from '../draw/ink.ts';
import { type Pen, ptPerMm } from '../draw/pen.ts';
import type { Typeface } from '../font/typeface.ts';
import { cropMarkMm, markGapMm, registrationTargetMm, stackNumberMm } from '../press/fit.ts';
import type { PressMarks } from '../press/schema.ts';
import type { Geometry, SideGeometry } from './geometry.ts';
import { drawMarkText, markText, sizeWithin } from './mark-text.ts';
import { withinStrip } from './strip.ts';

const registration: Ink = { kind: 'registration', tint: 1 };
const hairlinePt = 0.25;
/** Shorter pieces of a crop mark between two cards are of no use to anyone. */
const shortestCropMarkMm = 1;
const widestPatchMm = 5;

/** What the file's plates carry. */
export interface MarkedInks {
  /** False for the file of a layer that has spot inks only. */
  readonly process: boolean;
  readonly spots: readonly SpotInk[];
}

/**
 * Draws the marks that are the same on all sheets of a file, once, into a form: crop marks, registration targets, colour
 * bar, stack numbers. Nothing of them lies on a card or on its bleed.
 */
export function drawStaticMarks(
  pen: Pen,
  geometry: Geometry,
  side: SideGeometry,
  marks: PressMarks,
  inks: MarkedInks,
  typeface: Typeface,
): void {
  if (marks.crop) drawCropMarks(pen, geometry, side);
  if (marks.registration) drawTargets(pen, geometry, side);
  const { colourBar } = side;
  if (colourBar !== undefined)
    withinStrip(pen, side, colourBar, geometry.dotPt, (lengthPt, thicknessPt) =>
      drawColourBar(pen, patchesOf(inks), lengthPt, thicknessPt),
    );
  if (marks.stackNumbers && side.side === 'front') drawStackNumbers(pen, geometry, side, typeface);
}

/** From one coordinate to a higher one: a column, a row, or a stretch on which a crop mark may lie. */
interface Span {
  readonly from: number;
  readonly to: number;
}

function drawCropMarks(pen: Pen, { bleedMm }: Geometry, { cells }: SideGeometry): void {
  const columns = spansOf(cells.map(({ trim }) => ({ from: trim[0], to: trim[2] })));
  const rows = spansOf(cells.map(({ trim }) => ({ from: trim[1], to: trim[3] })));
  pen.ink(registration);
  for (const { from, to } of openStretches(rows, bleedMm))
    for (const x of endsOf(columns)) pen.line(x, from, x, to, hairlinePt);
  for (const { from, to } of openStretches(columns, bleedMm))
    for (const y of endsOf(rows)) pen.line(from, y, to, y, hairlinePt);
}

const spansOf = (spans: readonly Span[]): Span[] =>
  [...new Map(spans.map((span) => [span.from, span])).values()].sort((a, b) => a.from - b.from);

const endsOf = (spans: readonly Span[]): Set<number> => new Set(spans.flatMap(({ from, to }) => [from, to]));

/** Outside the block, and in those gutters that two bleeds and two gaps leave open. */
function openStretches(cards: readonly Span[], bleedMm: number): Span[] {
  const gap = (bleedMm + markGapMm) * ptPerMm;
  const length = cropMarkMm * ptPerMm;
  return [...cards, undefined].flatMap((next, index) => {
    const former = cards[index - 1];
    const from = former === undefined ? (next as Span).from - gap - length : former.to + gap;
    const to = next === undefined ? from + length : next.from - gap;
    return to - from < shortestCropMarkMm * ptPerMm ? [] : [{ from, to }];
  });
}

/** A ring with a cross in each corner outside the block, where no crop mark reaches. */
function drawTargets(pen: Pen, { bleedMm }: Geometry, { block }: SideGeometry): void {
  const half = (registrationTargetMm / 2) * ptPerMm;
  const away = (bleedMm + markGapMm) * ptPerMm + half;
  pen.ink(registration);
  for (const x of [block[0] - away, block[2] + away]) {
    for (const y of [block[1] - away, block[3] + away]) {
      pen.path(circle(x, y, half * 0.6 + hairlinePt / 2, 1) + circle(x, y, half * 0.6 - hairlinePt / 2, -1));
      pen.line(x - half, y, x + half, y, hairlinePt);
      pen.line(x, y - half, x, y + half, hairlinePt);
    }
  }
}

/** Four Bézier curves; `way` −1 runs clockwise, which cuts a hole into a circle that runs the other way. */
function circle(x: number, y: number, radius: number, way: 1 | -1): string {
  const k = radius * 0.5522847498;
  const point = (dx: number, dy: number): string => `${x + dx} ${y + dy * way}`;
  const curves = [
    [radius, k, k, radius, 0, radius],
    [-k, radius, -radius, k, -radius, 0],
    [-radius, -k, -k, -radius, 0, -radius],
    [k, -radius, radius, -k, radius, 0],
  ] as const;
  const parts = curves.map(
    ([x1, y1, x2, y2, x3, y3]) => `C${point(x1, y1)} ${point(x2, y2)} ${point(x3, y3)}`,
  );
  return `M${point(radius, 0)}${parts.join('')}Z`;
}

/**
 * Solids, halves, overprints of two, then black beside three-colour grey (50/40/40, which ISO 12647-2 takes as near
 * neutral), then each spot ink solid.
 */
function patchesOf({ process, spots }: MarkedInks): Ink[] {
  const cmyk = (c: number, m: number, y: number, k: number): Ink => ({ kind: 'cmyk', cmyk: [c, m, y, k] });
  const processPatches = [
    cmyk(1, 0, 0, 0),
    cmyk(0, 1, 0, 0),
    cmyk(0, 0, 1, 0),
    k100,
    cmyk(0.5, 0, 0, 0),
    cmyk(0, 0.5, 0, 0),
    cmyk(0, 0, 0.5, 0),
    cmyk(0, 0, 0, 0.5),
    cmyk(0, 1, 1, 0),
    cmyk(1, 0, 1, 0),
    cmyk(1, 1, 0, 0),
    cmyk(0.5, 0.4, 0.4, 0),
  ];
  const spotPatches = spots.map((spot): Ink => ({ kind: 'spot', spot, tint: 1 }));
  return [...(process ? processPatches : []), ...spotPatches];
}

function drawColourBar(pen: Pen, patches: readonly Ink[], lengthPt: number, thicknessPt: number): void {
  const width = Math.min(widestPatchMm * ptPerMm, lengthPt / patches.length);
  const start = (lengthPt - width * patches.length) / 2;
  for (const [index, ink] of patches.entries()) {
    pen.ink(ink);
    pen.rect(start + index * width, 0, width, thicknessPt);
  }
}

/** Above each column the numbers of its stacks from the uppermost down: who cuts the sheets lays the stacks in this order. */
function drawStackNumbers(
  pen: Pen,
  geometry: Geometry,
  { block, cells }: SideGeometry,
  typeface: Typeface,
): void {
  const { columns, rows, bleedMm } = geometry;
  const baseline = block[3] + (bleedMm + markGapMm + stackNumberMm * 0.2) * ptPerMm;
  for (const { trim, column } of cells.slice(0, columns)) {
    const numbers = Array.from({ length: rows }, (_, row) => row * columns + column + 1);
    const text = markText(typeface, numbers.join(' · '));
    const room = trim[2] - trim[0] - 12;
    const size = sizeWithin(text, 6, room);
    const x = (trim[0] + trim[2] - text.widthAt1Pt * size) / 2;
    drawMarkText(pen, typeface, text, size, x, baseline);
    pen.path(`M${x - 6} ${baseline + 4}L${x - 2} ${baseline + 4}L${x - 4} ${baseline}Z`);
  }
}
