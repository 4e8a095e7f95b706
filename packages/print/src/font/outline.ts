import { Refusal } from '../refusal.ts';
import type { TrueTypeFont } from './true-type-font.ts';

/** x' = a·x + c·y + e, y' = b·x + d·y + f, in units of the font. */
type Placement = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

interface Point {
  readonly x: number;
  readonly y: number;
  readonly isOnCurve: boolean;
}

const asDrawn: Placement = [1, 0, 0, 1, 0, 0];
/**
 * A glyph as SVG path data in thousandths of an em, y upwards; '' for blanks.
 * @throws Refusal `font-unreadable`
 * @see OpenType 1.9.1, "glyf"
 */
export function outlinePath(font: TrueTypeFont, glyph: number): string {
  const scale = 1000 / font.unitsPerEm;
  try {
    return contoursOf(font, glyph, asDrawn)
      .map((contour) => contourPath(contour, scale))
      .join('');
  } catch (error) {
    if (error instanceof RangeError)
      throw new Refusal('font-unreadable', `the outline of glyph ${glyph} is cut off`);
    throw error;
  }
}

function contoursOf(font: TrueTypeFont, glyph: number, placement: Placement): Point[][] {
  const data = font.outlineData(glyph);
  if (data.byteLength < 10) return [];
  if (!font.isComposite(glyph)) return simpleContours(data, placement);
  return font.componentsOf(glyph).flatMap(({ glyph: part, matrix: [a, b, c, d], dx, dy }) => {
    const [pa, pb, pc, pd, pe, pf] = placement;
    const within: Placement = [
      pa * a + pc * b,
      pb * a + pd * b,
      pa * c + pc * d,
      pb * c + pd * d,
      pa * dx + pc * dy + pe,
      pb * dx + pd * dy + pf,
    ];
    return contoursOf(font, part, within);
  });
}

const flagBits = {
  onCurve: 1,
  shortX: 2,
  shortY: 4,
  repeat: 8,
  sameOrPositiveX: 16,
  sameOrPositiveY: 32,
} as const;

/** Beyond what any character needs. */
const mostPoints = 10_000;

function simpleContours(data: DataView, [a, b, c, d, e, f]: Placement): Point[][] {
  const contours = data.getInt16(0);
  const ends = Array.from({ length: contours }, (_, contour) => data.getUint16(10 + 2 * contour));
  const count = contours === 0 ? 0 : ends.at(-1)! + 1;
  if (count > mostPoints) throw new Refusal('font-unreadable', `a glyph has ${count} points`);
  let at = 10 + 2 * contours;
  at += 2 + data.getUint16(at);
  const flags = new Uint8Array(count);
  for (let point = 0; point < count; ) {
    const flag = data.getUint8(at++);
    const times = flag & flagBits.repeat ? data.getUint8(at++) + 1 : 1;
    flags.fill(flag, point, point + times);
    point += times;
  }
  const [xs, ysAt] = coordinates(data, at, flags, flagBits.shortX, flagBits.sameOrPositiveX);
  const [ys] = coordinates(data, ysAt, flags, flagBits.shortY, flagBits.sameOrPositiveY);
  const points = Array.from(flags, (flag, point): Point => {
    const x = xs[point]!;
    const y = ys[point]!;
    return { x: a * x + c * y + e, y: b * x + d * y + f, isOnCurve: (flag & flagBits.onCurve) !== 0 };
  });
  return ends.map((end, contour) => points.slice(contour === 0 ? 0 : ends[contour - 1]! + 1, end + 1));
}

function coordinates(
  data: DataView,
  start: number,
  flags: Uint8Array,
  short: number,
  sameOrPositive: number,
): [values: Int32Array, end: number] {
  let at = start;
  let value = 0;
  const values = Int32Array.from(flags, (flag) => {
    if (flag & short) value += flag & sameOrPositive ? data.getUint8(at++) : -data.getUint8(at++);
    else if (!(flag & sameOrPositive)) {
      value += data.getInt16(at);
      at += 2;
    }
    return value;
  });
  return [values, at];
}

/** Between two points off the curve lies one on it, halfway. */
function contourPath(points: readonly Point[], scale: number): string {
  if (points.length < 2) return '';
  const first = points.findIndex(({ isOnCurve }) => isOnCurve);
  const start = first >= 0 ? points[first]! : halfway(points[0]!, points.at(-1)!);
  const rest = [...points.slice(first + 1), ...points.slice(0, Math.max(first, 0))];
  const spell = ({ x, y }: Point): string => `${rounded(x * scale)} ${rounded(y * scale)}`;
  let path = `M${spell(start)}`;
  let control: Point | undefined;
  for (const point of [...rest, start]) {
    if (point.isOnCurve) {
      path += control === undefined ? `L${spell(point)}` : `Q${spell(control)} ${spell(point)}`;
      control = undefined;
      continue;
    }
    if (control !== undefined) path += `Q${spell(control)} ${spell(halfway(control, point))}`;
    control = point;
  }
  return `${path}Z`;
}

function halfway(one: Point, other: Point): Point {
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2, isOnCurve: true };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
