/** One line of the result: ours beside the peer's, both measured in this run. */
export interface Row {
  readonly stage: string;
  readonly ours: string;
  readonly peer: string;
  readonly ratio: string;
  readonly goal: string;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** A Markdown table on standard output. */
export function printRows(rows: readonly Row[]): void {
  const line = (cells: readonly string[]): void => {
    process.stdout.write(`| ${cells.join(' | ')} |\n`);
  };
  line(['stage', 'ours', 'peer', 'ratio', 'goal']);
  line(['---', '---', '---', '---', '---']);
  for (const { stage, ours, peer, ratio, goal } of rows) line([stage, ours, peer, ratio, goal]);
}
