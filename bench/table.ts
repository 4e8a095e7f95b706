/** One line of the result; the texts hold their units. */
export interface Row {
  readonly stage: string;
  readonly ours: string;
  readonly peer: string;
  readonly ratio: string;
  readonly goal: string;
  /** Undefined where there is no goal. */
  readonly met?: boolean;
}

const columns = ['stage', 'ours', 'peer', 'ratio', 'goal'] as const;

/** The rows as a Markdown table, padded to be read in a terminal too. A goal ends with what became of it. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => ({
    ...row,
    goal: row.met === undefined ? row.goal : `${row.goal}: ${row.met ? 'met' : 'MISSED'}`,
  }));
  const widths = columns.map((name) => Math.max(name.length, ...cells.map((row) => row[name].length)));
  const line = (texts: readonly string[]): string =>
    `| ${texts.map((text, index) => text.padEnd(widths[index] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(columns), rule, ...cells.map((row) => line(columns.map((name) => row[name])))].join('\n');
}

export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** The value below which `share` (0 to 1) of the ascending values lie, linear between neighbours. */
export function quantile(ascending: ArrayLike<number>, share: number): number {
  if (ascending.length === 0) return Number.NaN;
  const place = (ascending.length - 1) * share;
  const below = ascending[Math.floor(place)] ?? Number.NaN;
  const above = ascending[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}

/** `1,234` or, below 100, with the digits that matter: `12.3`, `0.451`. */
export function formatNumber(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 1 : 3;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function formatRatio(value: number): string {
  return `${value.toFixed(2)} ×`;
}
