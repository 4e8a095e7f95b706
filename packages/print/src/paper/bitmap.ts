/** Dots of a label: rows from the top, each padded to whole bytes, the leftmost dot in the highest bit, 1 = black. */
export interface Bitmap {
  readonly widthDots: number;
  readonly heightDots: number;
  readonly rowBytes: number;
  readonly bits: Uint8Array;
}

export function createBitmap(widthDots: number, heightDots: number): Bitmap {
  const rowBytes = Math.ceil(widthDots / 8);
  return { widthDots, heightDots, rowBytes, bits: new Uint8Array(rowBytes * heightDots) };
}

/** Blackens a rectangle of whole dots; what lies outside is left out. */
export function blacken(bitmap: Bitmap, left: number, top: number, right: number, bottom: number): void {
  const { widthDots, heightDots, rowBytes, bits } = bitmap;
  for (let y = Math.max(0, top); y < Math.min(heightDots, bottom); y++)
    for (let x = Math.max(0, left); x < Math.min(widthDots, right); x++)
      bits[y * rowBytes + (x >> 3)]! |= 0x80 >> (x & 7);
}

/** Corners of closed outlines in dots, y downwards: x, y, x, y, … for each. */
export type Polygons = readonly (readonly number[])[];

/** Lines over each dot row on which outlines are sampled, and the share of a dot that must be covered to print. */
const linesADot = 5;
const blackFrom = 0.5;

interface Crossing {
  x: number;
  winding: number;
}

/**
 * Fills outlines by the non-zero rule. Each dot's coverage is measured, exactly across and on five lines down, since
 * looking at dot centres alone loses strokes that are one dot wide at 203 dpi.
 */
export function fillPolygons(bitmap: Bitmap, polygons: Polygons): void {
  const edges = edgesOf(polygons);
  if (edges.length === 0) return;
  const { widthDots, heightDots, rowBytes, bits } = bitmap;
  let [left, right, top, bottom] = [widthDots, 0, heightDots, 0];
  for (const edge of edges) {
    left = Math.min(left, Math.floor(Math.min(edge.x, edge.x + (edge.bottom - edge.top) * edge.slope)));
    right = Math.max(right, Math.ceil(Math.max(edge.x, edge.x + (edge.bottom - edge.top) * edge.slope)));
    top = Math.min(top, Math.floor(edge.top));
    bottom = Math.max(bottom, Math.ceil(edge.bottom));
  }
  [left, right, top, bottom] = [
    Math.max(0, left),
    Math.min(widthDots, right),
    Math.max(0, top),
    Math.min(heightDots, bottom),
  ];
  if (right <= left) return;
  const coverage = new Float32Array(right - left);
  for (let y = top; y < bottom; y++) {
    coverage.fill(0);
    const crossed = edges.filter((edge) => edge.top < y + 1 && edge.bottom > y);
    for (let line = 0; line < linesADot; line++)
      coverLine(coverage, left, crossed, y + (line + 0.5) / linesADot);
    for (let x = left; x < right; x++)
      if (coverage[x - left]! >= blackFrom * linesADot) bits[y * rowBytes + (x >> 3)]! |= 0x80 >> (x & 7);
  }
}

interface Edge {
  readonly top: number;
  readonly bottom: number;
  readonly x: number;
  readonly slope: number;
  readonly winding: number;
}

function edgesOf(polygons: Polygons): Edge[] {
  const edges: Edge[] = [];
  for (const corners of polygons)
    for (let index = 0; index < corners.length; index += 2) {
      const next = (index + 2) % corners.length;
      const [x1, y1, x2, y2] = [corners[index]!, corners[index + 1]!, corners[next]!, corners[next + 1]!];
      if (y1 === y2) continue;
      const slope = (x2 - x1) / (y2 - y1);
      edges.push(
        y1 < y2
          ? { top: y1, bottom: y2, x: x1, slope, winding: 1 }
          : { top: y2, bottom: y1, x: x2, slope, winding: -1 },
      );
    }
  return edges;
}

function coverLine(coverage: Float32Array, left: number, edges: readonly Edge[], y: number): void {
  const crossings: Crossing[] = [];
  for (const edge of edges)
    if (edge.top <= y && y < edge.bottom)
      crossings.push({ x: edge.x + (y - edge.top) * edge.slope, winding: edge.winding });
  crossings.sort((one, other) => one.x - other.x);
  let winding = 0;
  let from = 0;
  for (const crossing of crossings) {
    if (winding === 0) from = crossing.x;
    winding += crossing.winding;
    if (winding === 0) coverSpan(coverage, from - left, crossing.x - left);
  }
}

function coverSpan(coverage: Float32Array, from: number, to: number): void {
  const left = Math.max(0, from);
  const right = Math.min(coverage.length, to);
  for (let x = Math.floor(left); x < right; x++) coverage[x]! += Math.min(x + 1, right) - Math.max(x, left);
}
