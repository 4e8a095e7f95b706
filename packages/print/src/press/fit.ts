import { Refusal } from '../refusal.ts';
import type { Edge, PressMarks, PressProfile, PressSheet } from './schema.ts';

/** A trimmed card. */
export interface CardSize {
  readonly widthMm: number;
  readonly heightMm: number;
}

/** A strip of marks along one edge of the block: from `fromMm` to `fromMm + thicknessMm` beyond the block's trim. */
export interface MarkStrip {
  readonly edge: Edge;
  readonly fromMm: number;
  readonly thicknessMm: number;
}

/** Where the block of cards lies on the front, from the sheet's lower left corner, trim to trim; and the strips beside it. */
export interface SheetFit {
  readonly xMm: number;
  readonly yMm: number;
  readonly widthMm: number;
  readonly heightMm: number;
  readonly cellWidthMm: number;
  readonly cellHeightMm: number;
  readonly colourBar?: MarkStrip;
  readonly slug?: MarkStrip;
}

/** Marks keep this far from the bleed, so that no ink of theirs is on a card whose cut is a little off. */
export const markGapMm = 0.5;
export const cropMarkMm = 4;
export const registrationTargetMm = 5;
export const stackNumberMm = 3;
const stripGapMm = 1;
const stripThicknessMm = { colourBar: 4, slug: 6 } as const;
/** What a strip holds at the least: 40 patches of 1 mm; a Code 128 of 24 characters and the line beside it. */
const stripLengthMm = { colourBar: 40, slug: 120 } as const;
/** Millimetres are sums of decimal fractions: a difference of a nanometre is none. */
const roundingMm = 1e-6;

type Strip = keyof typeof stripThicknessMm;
type PerEdge = Record<Edge, number>;

const opposite: Readonly<Record<Edge, Edge>> = { top: 'bottom', bottom: 'top', left: 'right', right: 'left' };

/**
 * Places grid, marks and gripper on the sheet: the block lies in the middle of what they leave. Throws
 * `press-card-differs` or, with the figures, `press-does-not-fit`.
 */
export function fitSheet(press: PressProfile, card: CardSize): SheetFit {
  refuseOtherCard(press, card);
  const { sheet } = press;
  if (sheet === undefined) throw new Error(`${press.name} has no sheet to place cards on`);
  const turned = sheet.cards === 'quarter-turn';
  const cellWidthMm = turned ? card.heightMm : card.widthMm;
  const cellHeightMm = turned ? card.widthMm : card.heightMm;
  const widthMm = extent(sheet.columns, cellWidthMm, sheet.gutterXMm);
  const heightMm = extent(sheet.rows, cellHeightMm, sheet.gutterYMm);

  const blank = blankEdges(press, sheet);
  const around = baseZone(press.bleedMm, press.marks);
  const used: PerEdge = { top: around, bottom: around, left: around, right: around };
  const left = (edge: Edge): number =>
    isUpright(edge)
      ? sheet.widthMm - blank.left - blank.right - widthMm - used.left - used.right
      : sheet.heightMm - blank.top - blank.bottom - heightMm - used.top - used.bottom;
  const strips: Partial<Record<Strip, MarkStrip>> = {};
  for (const strip of ['colourBar', 'slug'] as const) {
    const wanted = press.marks?.[strip] ?? false;
    if (wanted === false) continue;
    const lengthOf = (edge: Edge): number => (isUpright(edge) ? heightMm : widthMm);
    const edge =
      wanted === true ? roomiest(left, used, around, (e) => lengthOf(e) >= stripLengthMm[strip]) : wanted;
    refuseShortEdge(strip, edge, lengthOf(edge));
    strips[strip] = { edge, fromMm: used[edge] + stripGapMm, thicknessMm: stripThicknessMm[strip] };
    used[edge] += stripGapMm + stripThicknessMm[strip];
  }
  refuseOverflow('across', sheet.widthMm, widthMm, used.left + used.right, blank.left + blank.right);
  refuseOverflow('upwards', sheet.heightMm, heightMm, used.top + used.bottom, blank.top + blank.bottom);
  const xMm = blank.left + used.left + left('left') / 2;
  const yMm = blank.bottom + used.bottom + left('bottom') / 2;
  return { xMm, yMm, widthMm, heightMm, cellWidthMm, cellHeightMm, ...strips };
}

/** Throws `press-card-differs` where the press states a card size and the layout has another. */
export function refuseOtherCard(press: PressProfile, card: CardSize): void {
  const stated = press.card;
  if (stated === undefined) return;
  const differs = (side: keyof CardSize): boolean => Math.abs(stated[side] - card[side]) > 0.005;
  if (differs('widthMm') || differs('heightMm')) {
    const detail = `the press takes ${figure(stated.widthMm)} × ${figure(stated.heightMm)} mm, the layout is ${figure(card.widthMm)} × ${figure(card.heightMm)} mm`;
    throw new Refusal('press-card-differs', detail, { at: 'card' });
  }
}

/** How far a bleed reaches towards a neighbour: both must not overlap, so each ends halfway in a narrow gutter. */
export function bleedTowardsNeighbourMm(bleedMm: number, gutterMm: number): number {
  return Math.min(bleedMm, gutterMm / 2);
}

const isUpright = (edge: Edge): boolean => edge === 'left' || edge === 'right';
const extent = (count: number, cellMm: number, gutterMm: number): number =>
  count * cellMm + (count - 1) * gutterMm;

/** The gripper needs its strip on the edge that enters first for the back, too. */
function blankEdges({ duplex }: PressProfile, sheet: PressSheet): PerEdge {
  const { gripperEdge, gripperMm, marginMm } = sheet;
  const blank: PerEdge = { top: marginMm, bottom: marginMm, left: marginMm, right: marginMm };
  const grip = (edge: Edge): void => {
    blank[edge] = Math.max(marginMm, gripperMm);
  };
  grip(gripperEdge);
  const swaps = duplex?.turn === 'side' ? ['left', 'right'] : ['top', 'bottom'];
  if (duplex !== undefined && swaps.includes(gripperEdge)) grip(opposite[gripperEdge]);
  return blank;
}

function baseZone(bleedMm: number, marks: PressMarks | undefined): number {
  const beyondBleed = Math.max(
    marks?.crop ? markGapMm + cropMarkMm : 0,
    marks?.registration ? markGapMm + registrationTargetMm : 0,
    marks?.stackNumbers ? markGapMm + stackNumberMm : 0,
  );
  return bleedMm + beyondBleed;
}

/** Of two edges with equal room the one without a strip; so a colour bar and a slug end up on opposite sides. */
function roomiest(
  room: (edge: Edge) => number,
  used: PerEdge,
  around: number,
  isLongEnough: (edge: Edge) => boolean,
): Edge {
  const all: readonly Edge[] = ['top', 'left', 'right', 'bottom'];
  const candidates = all.some(isLongEnough) ? all.filter(isLongEnough) : all;
  const isFree = (edge: Edge): number => (used[edge] === around ? 1 : 0);
  return [...candidates].sort(
    (a, b) => room(b) - room(a) || isFree(b) - isFree(a) || candidates.indexOf(a) - candidates.indexOf(b),
  )[0] as Edge;
}

function refuseShortEdge(strip: Strip, edge: Edge, edgeMm: number): void {
  if (edgeMm >= stripLengthMm[strip]) return;
  const detail = `it needs ${stripLengthMm[strip]} mm along the ${edge} of the cards, which are ${figure(edgeMm)} mm`;
  throw new Refusal('press-does-not-fit', detail, { at: `marks.${strip}` });
}

function refuseOverflow(
  way: string,
  sheetMm: number,
  blockMm: number,
  marksMm: number,
  blankMm: number,
): void {
  const needsMm = blockMm + marksMm;
  const leavesMm = sheetMm - blankMm;
  if (needsMm <= leavesMm + roundingMm) return;
  const parts = `cards and gutters ${figure(blockMm)}, bleed and marks ${figure(marksMm)}`;
  const detail = `${way} it needs ${figure(needsMm)} mm (${parts}), the sheet leaves ${figure(leavesMm)} mm (${figure(sheetMm)} less gripper and margins ${figure(blankMm)})`;
  throw new Refusal('press-does-not-fit', detail, { at: 'sheet' });
}

const figure = (mm: number): string => String(Math.round(mm * 1000) / 1000);
