/** Pieces that a curve is cut into: below a quarter of a dot from the true curve at the sizes of labels. */
const piecesACurve = 8;

type Map2 = (x: number, y: number) => readonly [number, number];

/** SVG path data of absolute M L Q C Z as closed polygons, each corner put through `map`. Throws on anything else. */
export function polygonsOf(data: string, map: Map2): number[][] {
  const polygons: number[][] = [];
  let corners: number[] = [];
  let [x, y] = [0, 0];
  const add = (toX: number, toY: number): void => {
    corners.push(...map(toX, toY));
    [x, y] = [toX, toY];
  };
  for (const [, command, numbers] of data.matchAll(/([A-Za-z])([^A-Za-z]*(?:[eE][^A-Za-z]*)*)/gu)) {
    const values = (numbers?.match(/[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/gu) ?? []).map(Number);
    const size = { M: 2, L: 2, Q: 4, C: 6, Z: 0 }[command!];
    if (size === undefined || (size > 0 && values.length % size !== 0))
      throw new Error(`path command ${command} with ${values.length} numbers`);
    if (command === 'M') {
      if (corners.length > 0) polygons.push(corners);
      corners = [];
    }
    for (let at = 0; at < values.length; at += size) addPiece(values.slice(at, at + size), x, y, add);
  }
  if (corners.length > 0) polygons.push(corners);
  return polygons;
}

function addPiece(to: readonly number[], x: number, y: number, add: (x: number, y: number) => void): void {
  if (to.length === 2) {
    add(to[0]!, to[1]!);
    return;
  }
  const points = [x, y, ...to];
  for (let piece = 1; piece <= piecesACurve; piece++) {
    const share = piece / piecesACurve;
    let level = points;
    while (level.length > 2)
      level = level.slice(2).map((value, index) => level[index]! + (value - level[index]!) * share);
    add(level[0]!, level[1]!);
  }
}
