/** Levels of error correction: about 7, 15, 25 and 30 % of the codewords may be wrong. */
export const qrLevels = ['L', 'M', 'Q', 'H'] as const;
export type QrLevel = (typeof qrLevels)[number];

export const maxQrVersion = 40;

/** ISO/IEC 18004:2015, table 9: check codewords of each block, for versions 1 to 40. */
const checkCodewordsABlock: Readonly<Record<QrLevel, readonly number[]>> = {
  L: [
    7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26, 28, 30,
    30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
  ],
  M: [
    10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  ],
  Q: [
    13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30, 28, 30, 30, 30, 30, 28,
    30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
  ],
  H: [
    17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28, 30, 24, 30, 30, 30, 30,
    30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
  ],
};

/** The same table: number of blocks. */
const blocksASymbol: Readonly<Record<QrLevel, readonly number[]>> = {
  L: [
    1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17,
    18, 19, 19, 20, 21, 22, 24, 25,
  ],
  M: [
    1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29,
    31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
  ],
  Q: [
    1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20, 23, 23, 25, 27, 29, 34, 34, 35, 38,
    40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68,
  ],
  H: [
    1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25, 25, 34, 30, 32, 35, 37, 40, 42, 45,
    48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81,
  ],
};

export function qrSize(version: number): number {
  return 17 + 4 * version;
}

/** Centres of the alignment patterns, along both axes (annex E): evenly spaced from the far end, in even steps. */
export function alignmentCentres(version: number): number[] {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = version === 32 ? 26 : Math.ceil((4 * version + 4) / (2 * count - 2)) * 2;
  const last = qrSize(version) - 7;
  return [6, ...Array.from({ length: count - 1 }, (_, index) => last - (count - 2 - index) * step)];
}

/** All codewords of a version (table 1): what finders, timing, alignment, format and version information leave free. */
export function totalCodewords(version: number): number {
  const size = qrSize(version);
  const centres = alignmentCentres(version).length;
  const alignment = centres === 0 ? 0 : (centres * centres - 3) * 25 - (centres - 2) * 2 * 5;
  const finders = 3 * 64;
  const timing = 2 * (size - 16);
  const formatAndDarkModule = 31;
  const versionInformation = version < 7 ? 0 : 36;
  return (size * size - finders - timing - alignment - formatAndDarkModule - versionInformation) >> 3;
}

export interface QrBlocks {
  readonly blocks: number;
  readonly checkCodewords: number;
  readonly dataCodewords: number;
  /** Data codewords of each of the first blocks; the last `longBlocks` hold one more. */
  readonly shortLength: number;
  readonly longBlocks: number;
}

export function qrBlocks(version: number, level: QrLevel): QrBlocks {
  const blocks = blocksASymbol[level][version - 1]!;
  const checkCodewords = checkCodewordsABlock[level][version - 1]!;
  const dataCodewords = totalCodewords(version) - blocks * checkCodewords;
  const shortLength = Math.floor(dataCodewords / blocks);
  return { blocks, checkCodewords, dataCodewords, shortLength, longBlocks: dataCodewords % blocks };
}
