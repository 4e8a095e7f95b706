import type { Picture } from './pages.ts';

/** Pixels on a side. A character of 9 pt has about as many at 96 dots an inch. */
const tilePixels = 8;

/** How far two pictures of one size are apart, in steps of 255. */
export interface Difference {
  /** Of all tiles of 8 × 8 pixels the largest mean difference of the samples: what is wrong in one place only. */
  readonly worstTile: number;
  /** Of all samples: a colour that is wrong everywhere. */
  readonly mean: number;
}

/**
 * What another version of a renderer may do to edges (antialiasing, hinting) and not to what is drawn. A tile of which a
 * tenth is black instead of white is too much.
 */
export const tolerated: Difference = { worstTile: 24, mean: 1.5 };

export function differenceOf(one: Picture, other: Picture): Difference {
  const { width, height } = one;
  if (width !== other.width || height !== other.height)
    throw new Error(`${width} × ${height} pixels, not ${other.width} × ${other.height}`);
  const tilesAcross = Math.ceil(width / tilePixels);
  const tiles = new Float64Array(tilesAcross * Math.ceil(height / tilePixels));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = 3 * (y * width + x);
      for (let sample = at; sample < at + 3; sample++)
        tiles[Math.floor(y / tilePixels) * tilesAcross + Math.floor(x / tilePixels)]! += Math.abs(
          one.rgb[sample]! - other.rgb[sample]!,
        );
    }
  const total = tiles.reduce((sum, tile) => sum + tile, 0);
  return { worstTile: Math.max(...tiles) / (3 * tilePixels ** 2), mean: total / (3 * width * height) };
}

export function isTolerated({ worstTile, mean }: Difference): boolean {
  return worstTile <= tolerated.worstTile && mean <= tolerated.mean;
}
