import type { Ink } from '../draw/ink.ts';
import { ptPerMm } from '../draw/pen.ts';
import { Refusal } from '../refusal.ts';
import { boxOf } from './box.ts';
import { type BoxPt, boxInPoints, type Compiling, type DrawElement, inkOf, spotInk } from './compiling.ts';
import type { ElementOf } from './schema.ts';

export function compileImage(compiling: Compiling, element: ElementOf<'image'>): DrawElement {
  const artwork = compiling.resources.artworks.get(element.artwork);
  if (artwork === undefined)
    throw new Refusal('layout-artwork-missing', element.artwork, { at: `${compiling.at}.artwork` });
  const { left, bottom, right, top } = boxInPoints(compiling, boxOf(element));
  return (pen) => pen.artwork(artwork, left, bottom, right - left, top - bottom);
}

export function compileRect(compiling: Compiling, element: ElementOf<'rect'>): DrawElement {
  return filledBox(compiling, element, inkOf(compiling.layout, element.ink));
}

export function compilePanel(compiling: Compiling, element: ElementOf<'panel'>): DrawElement {
  const { layout } = compiling;
  const { tint = 1, overprint = true } = element;
  return filledBox(compiling, element, {
    kind: 'spot',
    spot: spotInk(layout, element.spot),
    tint,
    overprint,
  });
}

export function compileLine(compiling: Compiling, element: ElementOf<'line'>): DrawElement {
  const { heightMm } = compiling.layout.card;
  const ink = inkOf(compiling.layout, element.ink);
  const [x1, x2] = [element.x1Mm * ptPerMm, element.x2Mm * ptPerMm];
  const [y1, y2] = [(heightMm - element.y1Mm) * ptPerMm, (heightMm - element.y2Mm) * ptPerMm];
  return (pen) => {
    pen.ink(ink);
    pen.line(x1, y1, x2, y2, element.widthPt);
  };
}

function filledBox(compiling: Compiling, element: ElementOf<'rect' | 'panel'>, ink: Ink): DrawElement {
  const box = boxInPoints(compiling, boxOf(element));
  const width = box.right - box.left;
  const height = box.top - box.bottom;
  const radius = (element.radiusMm ?? 0) * ptPerMm;
  if (radius > 0) {
    const data = roundedBox(box, radius);
    return (pen) => {
      pen.ink(ink);
      pen.path(data);
    };
  }
  return (pen) => {
    pen.ink(ink);
    pen.rect(box.left, box.bottom, width, height);
  };
}

/** How far the control points of a cubic curve lie from the ends of a quarter circle of radius 1. */
const quarterCircle = 0.5522847498;

/** SVG path data of a box with corners as round as it has room for, y upwards. */
export function roundedBox({ left, bottom, right, top }: BoxPt, wantedRadius: number): string {
  const radius = Math.min(wantedRadius, (right - left) / 2, (top - bottom) / 2);
  const k = radius * (1 - quarterCircle);
  const p = (...numbers: number[]): string => numbers.map((number) => Number(number.toFixed(4))).join(' ');
  return [
    `M${p(left + radius, bottom)}L${p(right - radius, bottom)}`,
    `C${p(right - k, bottom, right, bottom + k, right, bottom + radius)}L${p(right, top - radius)}`,
    `C${p(right, top - k, right - k, top, right - radius, top)}L${p(left + radius, top)}`,
    `C${p(left + k, top, left, top - k, left, top - radius)}L${p(left, bottom + radius)}`,
    `C${p(left, bottom + k, left + k, bottom, left + radius, bottom)}Z`,
  ].join('');
}
