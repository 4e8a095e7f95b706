import { type Matrix, ptPerMm } from '../draw/pen.ts';
import {
  bleedTowardsNeighbourMm,
  type CardSize,
  fitSheet,
  type MarkStrip,
  refuseOtherCard,
  type SheetFit,
} from '../press/fit.ts';
import type { Edge, PressProfile } from '../press/schema.ts';
import { Refusal } from '../refusal.ts';

/** [left, bottom, right, top] in points, as PDF writes boxes. */
export type Box = readonly [number, number, number, number];

/** One place of a side. Card space is points, y upwards, its origin the lower left corner of the card's trim. */
export interface Cell {
  /** From 0, by rows from the upper left of the front; the same number on both sides is the same card. */
  readonly position: number;
  /** Of the front, from 0; row 0 is the uppermost. */
  readonly row: number;
  readonly column: number;
  /** From card space to the page. */
  readonly matrix: Matrix;
  /** What of the card may be inked, [x, y, width, height] in card space: its trim, and bleeds as far as neighbours allow. */
  readonly clip: readonly [number, number, number, number];
  /** On the page. */
  readonly trim: Box;
}

export interface SideGeometry {
  readonly side: 'front' | 'back';
  readonly mediaBox: Box;
  readonly bleedBox: Box;
  readonly trimBox: Box;
  /** In the order of positions. */
  readonly cells: readonly Cell[];
  /** From the first card's trim to the last one's, without bleeds. */
  readonly block: Box;
  readonly colourBar?: MarkStrip;
  readonly slug?: MarkStrip;
}

export interface Geometry {
  readonly columns: number;
  readonly rows: number;
  /** Cards on a page: columns × rows. */
  readonly positions: number;
  /** One dot of the press. Every cell's origin and every page's size are whole numbers of dots. */
  readonly dotPt: number;
  readonly card: CardSize;
  readonly bleedMm: number;
  readonly gutterXMm: number;
  readonly gutterYMm: number;
  readonly front: SideGeometry;
  /** Absent where only the front is printed. */
  readonly back?: SideGeometry;
}

type Turn = 'side' | 'head';
type Degrees = 0 | 90 | 180 | 270;

interface Grid {
  readonly fit: SheetFit;
  readonly columns: number;
  readonly rows: number;
  readonly pageWidthMm: number;
  readonly pageHeightMm: number;
  readonly gutterXMm: number;
  readonly gutterYMm: number;
}

/**
 * Pages of a press for cards of this size, both sides if `sides` is 2. Throws what `fitSheet` throws, and
 * `press-lacks-duplex`.
 *
 * On a sheet all boxes are the whole sheet: an imposed sheet leaves the press untrimmed, and front ends that place pages
 * by their TrimBox would shift the gripper otherwise (ISO 32000-2, 14.11.2; ISO 15930-7 asks for a TrimBox only). A page
 * of one card has the card as its TrimBox.
 */
export function geometryOf(press: PressProfile, card: CardSize, sides: 1 | 2): Geometry {
  const grid = gridOf(press, card);
  const dotPt = 72 / press.dotsPerInch;
  const { columns, rows, gutterXMm, gutterYMm } = grid;
  const turn = press.duplex?.turn ?? 'side';
  if (sides === 2 && press.sheet !== undefined && press.duplex === undefined)
    throw new Refusal('press-lacks-duplex', `press ${press.name}`, { at: 'duplex' });
  const common = { columns, rows, positions: columns * rows, dotPt, card, gutterXMm, gutterYMm };
  const front = sideOf('front', grid, press, card);
  return {
    ...common,
    bleedMm: press.bleedMm,
    front,
    ...(sides === 2 && { back: sideOf('back', mirrored(grid, turn), press, card) }),
  };
}

/** Where the card of a front's row and column lies when the sheet shows its back. Rows and columns from 0. */
export function backPosition(
  row: number,
  column: number,
  { columns, rows, turn }: { readonly columns: number; readonly rows: number; readonly turn: Turn },
): { readonly row: number; readonly column: number } {
  return turn === 'side' ? { row, column: columns - 1 - column } : { row: rows - 1 - row, column };
}

function gridOf(press: PressProfile, card: CardSize): Grid {
  const { sheet, bleedMm } = press;
  const dotMm = 25.4 / press.dotsPerInch;
  if (sheet !== undefined) {
    const { columns, rows, gutterXMm, gutterYMm } = sheet;
    const pageWidthMm = wholeDots(sheet.widthMm, dotMm);
    const pageHeightMm = wholeDots(sheet.heightMm, dotMm);
    return { fit: fitSheet(press, card), columns, rows, gutterXMm, gutterYMm, pageWidthMm, pageHeightMm };
  }
  refuseOtherCard(press, card);
  const { widthMm, heightMm } = card;
  const originMm = wholeDots(bleedMm, dotMm);
  return {
    fit: { xMm: originMm, yMm: originMm, widthMm, heightMm, cellWidthMm: widthMm, cellHeightMm: heightMm },
    columns: 1,
    rows: 1,
    gutterXMm: 0,
    gutterYMm: 0,
    pageWidthMm: wholeDots(originMm + widthMm + bleedMm, dotMm),
    pageHeightMm: wholeDots(originMm + heightMm + bleedMm, dotMm),
  };
}

/**
 * Rounded up to dots, so that a renderer that counts them from the top finds the same grid as one that counts from the
 * bottom. Not a dot more through the last digit of a division.
 */
const wholeDots = (mm: number, dotMm: number): number => Math.ceil(mm / dotMm - 1e-6) * dotMm;

/** The same paper seen from behind. */
function mirrored(grid: Grid, turn: Turn): Grid {
  const { xMm, yMm, widthMm, heightMm, colourBar, slug } = grid.fit;
  const flipped = (strip: MarkStrip): MarkStrip => ({ ...strip, edge: flippedEdge(strip.edge, turn) });
  const fit: SheetFit = {
    ...grid.fit,
    xMm: turn === 'side' ? grid.pageWidthMm - xMm - widthMm : xMm,
    yMm: turn === 'head' ? grid.pageHeightMm - yMm - heightMm : yMm,
    ...(colourBar !== undefined && { colourBar: flipped(colourBar) }),
    ...(slug !== undefined && { slug: flipped(slug) }),
  };
  return { ...grid, fit };
}

function flippedEdge(edge: Edge, turn: Turn): Edge {
  const swap: Partial<Record<Edge, Edge>> =
    turn === 'side' ? { left: 'right', right: 'left' } : { top: 'bottom', bottom: 'top' };
  return swap[edge] ?? edge;
}

function sideOf(side: 'front' | 'back', grid: Grid, press: PressProfile, card: CardSize): SideGeometry {
  const { fit, columns, rows } = grid;
  const dotPt = 72 / press.dotsPerInch;
  const turn = press.duplex?.turn ?? 'side';
  const degrees = side === 'front' ? frontDegrees(press) : backDegrees(press);
  const cells: Cell[] = [];
  for (let position = 0; position < columns * rows; position++) {
    const row = Math.floor(position / columns);
    const column = position % columns;
    const at = side === 'front' ? { row, column } : backPosition(row, column, { columns, rows, turn });
    cells.push({ position, row, column, ...placed(at, grid, press.bleedMm, card, degrees, dotPt) });
  }
  const page: Box = [0, 0, grid.pageWidthMm * ptPerMm, grid.pageHeightMm * ptPerMm];
  const block = boxAround(cells.map(({ trim }) => trim));
  const strips = {
    ...(fit.colourBar !== undefined && { colourBar: fit.colourBar }),
    ...(fit.slug !== undefined && { slug: fit.slug }),
  };
  const isSheet = press.sheet !== undefined;
  const bleedBox = isSheet ? page : grown(block, press.bleedMm * ptPerMm, page);
  return { side, mediaBox: page, bleedBox, trimBox: isSheet ? page : block, cells, block, ...strips };
}

function placed(
  at: { readonly row: number; readonly column: number },
  { fit, columns, rows, gutterXMm, gutterYMm }: Grid,
  bleedMm: number,
  card: CardSize,
  degrees: Degrees,
  dotPt: number,
): Pick<Cell, 'matrix' | 'clip' | 'trim'> {
  const left = (fit.xMm + at.column * (fit.cellWidthMm + gutterXMm)) * ptPerMm;
  const bottom = (fit.yMm + (rows - 1 - at.row) * (fit.cellHeightMm + gutterYMm)) * ptPerMm;
  const [a, b, c, d] = turns[degrees];
  const cardWidth = card.widthMm * ptPerMm;
  const cardHeight = card.heightMm * ptPerMm;
  // The card's own origin is what is laid on a dot, since codes are laid on dots from there.
  const e = snapped(left - Math.min(0, a * cardWidth, c * cardHeight), dotPt);
  const f = snapped(bottom - Math.min(0, b * cardWidth, d * cardHeight), dotPt);
  const matrix: Matrix = [a, b, c, d, e, f];
  const trim = transformed(matrix, [0, 0, cardWidth, cardHeight]);
  const x = bleedTowardsNeighbourMm(bleedMm, gutterXMm) * ptPerMm;
  const y = bleedTowardsNeighbourMm(bleedMm, gutterYMm) * ptPerMm;
  const outside = bleedMm * ptPerMm;
  const inked: Box = [
    trim[0] - (at.column === 0 ? outside : x),
    trim[1] - (at.row === rows - 1 ? outside : y),
    trim[2] + (at.column === columns - 1 ? outside : x),
    trim[3] + (at.row === 0 ? outside : y),
  ];
  const [x0, y0, x1, y1] = transformed(inverse(matrix), inked);
  return { matrix, trim, clip: [x0, y0, x1 - x0, y1 - y0] };
}

const frontDegrees = (press: PressProfile): Degrees => (press.sheet?.cards === 'quarter-turn' ? 90 : 0);

/**
 * A card that is turned `a` clockwise has its head at (sin a, cos a). Seen from behind, a turn by the side mirrors x, a
 * turn by the head mirrors y; there lies the head of a back that is head to head.
 */
function backDegrees(press: PressProfile): Degrees {
  const front = frontDegrees(press);
  const headToHead = (press.duplex?.turn ?? 'side') === 'side' ? 360 - front : 180 - front;
  return ((headToHead + (press.duplex?.back === 'head-to-foot' ? 180 : 0)) % 360) as Degrees;
}

/** a, b, c, d of a clockwise turn. */
const turns: Readonly<Record<Degrees, readonly [number, number, number, number]>> = {
  0: [1, 0, 0, 1],
  90: [0, -1, 1, 0],
  180: [-1, 0, 0, -1],
  270: [0, 1, -1, 0],
};

/** Of a box under quarter turns. */
function transformed([a, b, c, d, e, f]: Matrix, [x0, y0, x1, y1]: Box): Box {
  const xs = [a * x0 + c * y0 + e, a * x1 + c * y1 + e];
  const ys = [b * x0 + d * y0 + f, b * x1 + d * y1 + f];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** Quarter turns are inverted by transposing them. */
function inverse([a, b, c, d, e, f]: Matrix): Matrix {
  return [a, c, b, d, -(a * e + b * f), -(c * e + d * f)];
}

const snapped = (pt: number, dotPt: number): number => Math.round(pt / dotPt) * dotPt;

/** PDF wants every box within the media box, to the last digit (ISO 15930-7, 6.9). */
function grown(box: Box, byPt: number, within: Box): Box {
  return [
    Math.max(within[0], box[0] - byPt),
    Math.max(within[1], box[1] - byPt),
    Math.min(within[2], box[2] + byPt),
    Math.min(within[3], box[3] + byPt),
  ];
}

function boxAround(boxes: readonly Box[]): Box {
  const corner = (index: 0 | 1 | 2 | 3, pick: (...values: number[]) => number): number =>
    pick(...boxes.map((box) => box[index]));
  return [corner(0, Math.min), corner(1, Math.min), corner(2, Math.max), corner(3, Math.max)];
}
