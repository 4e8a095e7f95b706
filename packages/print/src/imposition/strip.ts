import { type Matrix, type Pen, ptPerMm } from '../draw/pen.ts';
import type { MarkStrip } from '../press/fit.ts';
import type { SideGeometry } from './geometry.ts';

/**
 * Draws a strip of marks in its own space: x along the edge from 0 to `lengthPt`, y from 0 to `thicknessPt`. Beside the
 * block it reads upwards on the left and downwards on the right. Its origin is on the press's dots.
 */
export function withinStrip(
  pen: Pen,
  { block }: SideGeometry,
  strip: MarkStrip,
  dotPt: number,
  draw: (lengthPt: number, thicknessPt: number) => void,
): void {
  const [left, bottom, right, top] = block;
  const from = strip.fromMm * ptPerMm;
  const thickness = strip.thicknessMm * ptPerMm;
  const upright = strip.edge === 'left' || strip.edge === 'right';
  const length = upright ? top - bottom : right - left;
  const [a, b, c, d, e, f] = {
    top: [1, 0, 0, 1, left, top + from],
    bottom: [1, 0, 0, 1, left, bottom - from - thickness],
    left: [0, 1, -1, 0, left - from, bottom],
    right: [0, -1, 1, 0, right + from, top],
  }[strip.edge] as unknown as Matrix;
  const snapped = (pt: number): number => Math.round(pt / dotPt) * dotPt;
  pen.within([a, b, c, d, snapped(e), snapped(f)], () => draw(length, thickness));
}
