import { type ArtworkWarning, checkArtwork } from '../image/check.ts';
import { atOf, type LayoutResources } from './compiling.ts';
import type { Layout } from './schema.ts';
import { sides } from './sides.ts';

export interface PictureWarning extends ArtworkWarning {
  /** The element, such as `front[0]`. */
  readonly at: string;
}

/**
 * What pre-press would say about the layout's pictures where they are placed. Not part of `compileLayout`: CMYK pictures
 * are decoded for it, which every drawing thread would do again.
 */
export function checkPictures(
  layout: Layout,
  {
    artworks,
    maxInkPercent = 300,
    minImageDpi: minDpi = 300,
    bleedMm = 1.5,
  }: Omit<LayoutResources, 'fonts' | 'columns' | 'dotsPerInch'>,
  pressIcc?: Uint8Array,
): PictureWarning[] {
  const { widthMm: cardWidthMm, heightMm: cardHeightMm } = layout.card;
  return sides.flatMap((side) =>
    (layout[side] ?? []).flatMap((element, index) => {
      const artwork = element.type === 'image' ? artworks.get(element.artwork) : undefined;
      if (element.type !== 'image' || artwork === undefined) return [];
      const { xMm, yMm, widthMm, heightMm } = element;
      const placement = { xMm, yMm, cardWidthMm, cardHeightMm, bleedMm };
      const use = {
        widthMm,
        heightMm,
        maxInkPercent,
        minDpi,
        placement,
        ...(pressIcc === undefined ? {} : { pressIcc }),
      };
      return checkArtwork(artwork, use).map((warning) => ({ ...warning, at: atOf(side, index, element) }));
    }),
  );
}
