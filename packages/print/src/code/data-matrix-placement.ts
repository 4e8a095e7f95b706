import type { DataMatrixSize } from './data-matrix-sizes.ts';

/** No codeword's bit lies there. */
const unused = -1;

/**
 * Where each bit of the codewords lies in the mapping matrix, which is the symbol without the borders of its regions
 * (ISO/IEC 16022:2006, annex F): for each module by rows, codeword · 8 + bit (0 the highest), or −1 for the fixed modules
 * of the lower right corner.
 */
export function placeCodewords(height: number, width: number): Int16Array {
  const places = new Int16Array(height * width).fill(unused);
  let codeword = 0;

  const put = (row: number, column: number, bit: number): void => {
    let [down, across] = [row, column];
    if (down < 0) {
      down += height;
      across += 4 - ((height + 4) % 8);
    }
    if (across < 0) {
      across += width;
      down += 4 - ((width + 4) % 8);
    }
    places[down * width + across] = codeword * 8 + bit;
  };
  /** The usual L of eight modules; (row, column) is its last bit's. */
  const putShape = (row: number, column: number): void => {
    shape.forEach(([down, across], bit) => {
      put(row + down, column + across, bit);
    });
    codeword++;
  };
  const putCorner = (corner: readonly Corner[]): void => {
    corner.forEach(([fromBottom, row, fromRight, column], bit) => {
      put(fromBottom ? height + row : row, fromRight ? width + column : column, bit);
    });
    codeword++;
  };
  const isFree = (row: number, column: number): boolean => places[row * width + column] === unused;

  let row = 4;
  let column = 0;
  do {
    if (row === height && column === 0) putCorner(corner1);
    if (row === height - 2 && column === 0 && width % 4 !== 0) putCorner(corner2);
    if (row === height - 2 && column === 0 && width % 8 === 4) putCorner(corner3);
    if (row === height + 4 && column === 2 && width % 8 === 0) putCorner(corner4);
    do {
      if (row < height && column >= 0 && isFree(row, column)) putShape(row, column);
      row -= 2;
      column += 2;
    } while (row >= 0 && column < width);
    row += 1;
    column += 3;
    do {
      if (row >= 0 && column < width && isFree(row, column)) putShape(row, column);
      row += 2;
      column -= 2;
    } while (row < height && column >= 0);
    row += 3;
    column += 1;
  } while (row < height || column < width);
  return places;
}

const shape = [
  [-2, -2],
  [-2, -1],
  [-1, -2],
  [-1, -1],
  [-1, 0],
  [0, -2],
  [0, -1],
  [0, 0],
] as const;

/** Counted from the bottom?, row, counted from the right?, column. */
type Corner = readonly [boolean, number, boolean, number];

const corner1: readonly Corner[] = [
  [true, -1, false, 0],
  [true, -1, false, 1],
  [true, -1, false, 2],
  [false, 0, true, -2],
  [false, 0, true, -1],
  [false, 1, true, -1],
  [false, 2, true, -1],
  [false, 3, true, -1],
];
const corner2: readonly Corner[] = [
  [true, -3, false, 0],
  [true, -2, false, 0],
  [true, -1, false, 0],
  [false, 0, true, -4],
  [false, 0, true, -3],
  [false, 0, true, -2],
  [false, 0, true, -1],
  [false, 1, true, -1],
];
const corner3: readonly Corner[] = [
  [true, -3, false, 0],
  [true, -2, false, 0],
  [true, -1, false, 0],
  [false, 0, true, -2],
  [false, 0, true, -1],
  [false, 1, true, -1],
  [false, 2, true, -1],
  [false, 3, true, -1],
];
const corner4: readonly Corner[] = [
  [true, -1, false, 0],
  [true, -1, true, -1],
  [false, 0, true, -3],
  [false, 0, true, -2],
  [false, 0, true, -1],
  [false, 1, true, -3],
  [false, 1, true, -2],
  [false, 1, true, -1],
];

/** For each bit of each codeword: byte · 8 + bit in the rows of the finished symbol. */
export interface DataMatrixPlan {
  readonly size: DataMatrixSize;
  readonly bytesARow: number;
  readonly bytePlaces: Uint16Array;
  /** Borders, timing and the fixed corner. */
  readonly pattern: Uint8Array;
}

export function createDataMatrixPlan(size: DataMatrixSize): DataMatrixPlan {
  const { height, width, regionHeight, regionWidth, regionsDown, regionsAcross } = size;
  const bytesARow = Math.ceil(width / 8);
  const mapHeight = regionHeight * regionsDown;
  const mapWidth = regionWidth * regionsAcross;
  const bytePlaces = new Uint16Array(8 * (size.dataCodewords + size.checkCodewords));
  const pattern = new Uint8Array(height * bytesARow);
  const placeOf = (row: number, column: number): number =>
    (row * bytesARow + (column >> 3)) * 8 + (7 - (column & 7));
  const darken = (row: number, column: number): void => {
    const place = placeOf(row, column);
    pattern[place >> 3]! |= 1 << (place & 7);
  };

  const map = placeCodewords(mapHeight, mapWidth);
  map.forEach((bit, at) => {
    const row = Math.floor(at / mapWidth);
    const column = at % mapWidth;
    const symbolRow = row + 1 + 2 * Math.floor(row / regionHeight);
    const symbolColumn = column + 1 + 2 * Math.floor(column / regionWidth);
    if (bit !== unused) bytePlaces[bit] = placeOf(symbolRow, symbolColumn);
    else if (mapHeight - row === mapWidth - column) darken(symbolRow, symbolColumn);
  });
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [down, across] = [row % (regionHeight + 2), column % (regionWidth + 2)];
      const isSolid = across === 0 || down === regionHeight + 1;
      const isTiming = (down === 0 && column % 2 === 0) || (across === regionWidth + 1 && row % 2 === 1);
      if (isSolid || isTiming) darken(row, column);
    }
  }
  return { size, bytesARow, bytePlaces, pattern };
}
