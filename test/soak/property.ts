/** What a property showed. */
export interface Shown {
  /** Of R1–R14. */
  readonly property: string;
  /** What was done, in words with its numbers. */
  readonly what: string;
  readonly count: number;
  readonly seed: number;
  readonly violations: readonly string[];
  /** Figures that were measured beside it. */
  readonly figures: string;
}

/** How much of the full profile is done: 1 is all of it. */
export interface Size {
  readonly seed: number;
  readonly share: number;
  readonly say: (line: string) => void;
}

/** So many of the full profile's, one at least. */
export const shareOf = (full: number, { share }: Size): number => Math.max(1, Math.round(full * share));
