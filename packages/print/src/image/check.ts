import type { Artwork } from './artwork.ts';
import { openProfile } from './icc.ts';
import { inkSums } from './jpeg-inks.ts';

/** A picture that can be printed and may disappoint. Sentences hold the figures. */
export interface ArtworkWarning {
  readonly code:
    | 'resolution-low'
    | 'resolution-excessive'
    | 'distorted'
    | 'ink-excessive'
    | 'profile-missing'
    | 'profile-differs'
    | 'bleed-unreached';
  readonly zh: string;
  readonly en: string;
  readonly figures: Readonly<Record<string, number | string>>;
}

/** How a picture is used: its printed box, and what the press bears. */
export interface ArtworkUse {
  readonly widthMm: number;
  readonly heightMm: number;
  /** Of the four inks together. */
  readonly maxInkPercent: number;
  readonly minDpi: number;
  /** The output intent's profile, to compare with that of a CMYK picture. */
  readonly pressIcc?: Uint8Array;
  /** Where the box lies on its card (from the trim's top left corner), to see whether it reaches the bleed. */
  readonly placement?: {
    readonly xMm: number;
    readonly yMm: number;
    readonly cardWidthMm: number;
    readonly cardHeightMm: number;
    readonly bleedMm: number;
  };
}

/** Above this many times the wanted resolution a picture only costs time and memory. */
const excessiveTimes = 8;
/** A picture whose edge is nearer to the trim than this is meant to run off the card. */
const runsOffWithinMm = 1;

/**
 * What a pre-press operator would say about the picture at this size. CMYK pictures are decoded for it. Whether text in
 * it is black alone cannot be known, nor the ink of RGB pictures, which the press's conversion decides.
 */
export function checkArtwork(artwork: Artwork, use: ArtworkUse): readonly ArtworkWarning[] {
  return [...resolution(artwork, use), ...inks(artwork, use), ...profile(artwork, use), ...bleed(use)];
}

function resolution(artwork: Artwork, { widthMm, heightMm, minDpi }: ArtworkUse): readonly ArtworkWarning[] {
  const across = (artwork.widthPx * 25.4) / widthMm;
  const down = (artwork.heightPx * 25.4) / heightMm;
  const dpi = Math.floor(Math.min(across, down));
  const warnings: ArtworkWarning[] = [];
  const { name } = artwork;
  const said = { dpi, minDpi, widthPx: artwork.widthPx, heightPx: artwork.heightPx, widthMm, heightMm };
  if (dpi < minDpi) {
    warnings.push({
      code: 'resolution-low',
      zh: `图片“${name}”在 ${widthMm} × ${heightMm} mm 下只有 ${dpi} dpi，要求至少 ${minDpi} dpi，印出会模糊。`,
      en: `Picture "${name}" has only ${dpi} dpi at ${widthMm} × ${heightMm} mm; at least ${minDpi} dpi are wanted, it will print soft.`,
      figures: said,
    });
  } else if (dpi > minDpi * excessiveTimes) {
    warnings.push({
      code: 'resolution-excessive',
      zh: `图片“${name}”有 ${dpi} dpi，远超所需的 ${minDpi} dpi，只会拖慢制版；请缩小。`,
      en: `Picture "${name}" has ${dpi} dpi where ${minDpi} dpi are wanted: it only slows the press's computer down; scale it.`,
      figures: said,
    });
  }
  const stretchPercent = Math.round((Math.max(across, down) / Math.min(across, down) - 1) * 1000) / 10;
  if (stretchPercent > 2) {
    warnings.push({
      code: 'distorted',
      zh: `图片“${name}”的宽高比与版面不一致，会被拉伸 ${stretchPercent}%。`,
      en: `Picture "${name}" does not have the proportions of its box: it is stretched by ${stretchPercent} %.`,
      figures: { stretchPercent },
    });
  }
  return warnings;
}

function inks(artwork: Artwork, { widthMm, heightMm, maxInkPercent }: ArtworkUse): readonly ArtworkWarning[] {
  if (artwork.colour !== 'cmyk') return [];
  const sums = inkSums(artwork.file, maxInkPercent);
  if (sums.partAbove === 0) return [];
  const highestPercent = Math.round(sums.highestPercent);
  const sharePercent = Math.max(0.01, Math.round(sums.partAbove * 10000) / 100);
  const xMm = tenth(((sums.xPx + 0.5) * widthMm) / artwork.widthPx);
  const yMm = tenth(((sums.yPx + 0.5) * heightMm) / artwork.heightPx);
  const { name } = artwork;
  return [
    {
      code: 'ink-excessive',
      zh: `图片“${name}”总墨量最高 ${highestPercent}%（距左 ${xMm} mm、距上 ${yMm} mm），${sharePercent}% 的面积超过上限 ${maxInkPercent}%，可能不干、蹭脏。`,
      en: `Picture "${name}" lays up to ${highestPercent} % ink (${xMm} mm from its left, ${yMm} mm from its top); ${sharePercent} % of its area is above the limit of ${maxInkPercent} % and may not dry.`,
      figures: { highestPercent, sharePercent, maxInkPercent, xMm, yMm },
    },
  ];
}

function profile(artwork: Artwork, { pressIcc }: ArtworkUse): readonly ArtworkWarning[] {
  const { name, colour, pdf } = artwork;
  if (colour === 'rgb' && artwork.colourSaidBy === 'nothing') {
    return [
      {
        code: 'profile-missing',
        zh: `RGB 图片“${name}”没有 ICC 特性文件，颜色只能按 sRGB 猜测；请嵌入特性文件或转为 CMYK。`,
        en: `RGB picture "${name}" has no ICC profile: its colours can only be taken for sRGB; embed one or convert it to CMYK.`,
        figures: {},
      },
    ];
  }
  if (colour !== 'cmyk' || pressIcc === undefined || pdf.icc === undefined) return [];
  if (Buffer.from(pdf.icc).equals(pressIcc)) return [];
  const madeFor = openProfile(pdf.icc).description || '?';
  const press = openProfile(pressIcc).description || '?';
  return [
    {
      code: 'profile-differs',
      zh: `CMYK 图片“${name}”按“${madeFor}”分色，而印刷条件是“${press}”，颜色会被再次转换。`,
      en: `CMYK picture "${name}" was separated for "${madeFor}", the press prints to "${press}": its colours will be converted once more.`,
      figures: { madeFor, press },
    },
  ];
}

function bleed({ widthMm, heightMm, placement }: ArtworkUse): readonly ArtworkWarning[] {
  if (placement === undefined) return [];
  const { xMm, yMm, cardWidthMm, cardHeightMm, bleedMm } = placement;
  const beyond = {
    left: -xMm,
    top: -yMm,
    right: xMm + widthMm - cardWidthMm,
    bottom: yMm + heightMm - cardHeightMm,
  };
  const names = { left: '左', top: '上', right: '右', bottom: '下' } as const;
  const short = (Object.keys(names) as (keyof typeof names)[]).filter(
    (side) => beyond[side] > -runsOffWithinMm && beyond[side] < bleedMm - 0.01,
  );
  if (short.length === 0) return [];
  const reachMm = tenth(Math.min(...short.map((side) => beyond[side])));
  return [
    {
      code: 'bleed-unreached',
      zh: `图片在${short.map((side) => names[side]).join('、')}边没有铺满出血：应超出成品 ${bleedMm} mm，实际 ${reachMm} mm，裁切后可能露白。`,
      en: `The picture does not fill the bleed at the ${short.join(', ')}: ${bleedMm} mm beyond the trim are needed, it reaches ${reachMm} mm; a white edge may show.`,
      figures: { bleedMm, reachMm, sides: short.join(',') },
    },
  ];
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10 + 0;
}
