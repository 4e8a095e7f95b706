/** The value below which so many of a hundred lie, rounded; 100 is the largest. NaN of none. */
export function percentile(figures: readonly number[], percent: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1);
  return Math.round(sorted[Math.max(0, at)] ?? Number.NaN);
}
