/** A named ink of the press besides the four: scratch panel, white, varnish. `cmyk` (each 0–1) is how a screen shows it. */
export interface SpotInk {
  readonly name: string;
  readonly cmyk: readonly [number, number, number, number];
}

/** What is laid on the sheet. Parts and tints run from 0 to 1. `registration` prints on every plate. */
export type Ink =
  | {
      readonly kind: 'cmyk';
      readonly cmyk: readonly [number, number, number, number];
      readonly overprint?: boolean;
    }
  | { readonly kind: 'spot'; readonly spot: SpotInk; readonly tint: number; readonly overprint?: boolean }
  | { readonly kind: 'registration'; readonly tint: number };

/** Small text and codes: black alone, so that no misregistration blurs them. */
export const k100: Ink = { kind: 'cmyk', cmyk: [0, 0, 0, 1] };
