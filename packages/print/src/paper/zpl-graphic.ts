import type { Bitmap } from './bitmap.ts';

/** Blank rows that are worth a field of their own between two. */
const gapRows = 8;

/**
 * A bitmap as ^GFA fields, one for each band between blank rows, its blank sides cut off: ASCII hex with the run lengths
 * of the ZPL II Programming Guide ("Alternative Data Compression Scheme"): G–Y repeat the next digit 1–19 times, g–z 20 to
 * 400 times, `,` and `!` fill the row with 0 and 1, `:` repeats the row above.
 */
export function graphicFields(bitmap: Bitmap): string {
  return bandsOf(bitmap)
    .map(({ top, bottom }) => {
      const { first, last } = inkedBytes(bitmap, top, bottom);
      const width = last - first + 1;
      const total = width * (bottom - top);
      const rows: string[] = [];
      for (let y = top; y < bottom; y++) {
        const start = y * bitmap.rowBytes + first;
        rows.push(
          Buffer.from(bitmap.bits.subarray(start, start + width))
            .toString('hex')
            .toUpperCase(),
        );
      }
      return `^FO${first * 8},${top}^GFA,${total},${total},${width},${packRows(rows)}^FS\n`;
    })
    .join('');
}

function bandsOf({ heightDots, rowBytes, bits }: Bitmap): { top: number; bottom: number }[] {
  const bands: { top: number; bottom: number }[] = [];
  for (let y = 0; y < heightDots; y++) {
    if (bits.subarray(y * rowBytes, (y + 1) * rowBytes).every((byte) => byte === 0)) continue;
    const band = bands.at(-1);
    if (band !== undefined && y - band.bottom < gapRows) band.bottom = y + 1;
    else bands.push({ top: y, bottom: y + 1 });
  }
  return bands;
}

function inkedBytes(
  { rowBytes, bits }: Bitmap,
  top: number,
  bottom: number,
): { first: number; last: number } {
  let first = rowBytes - 1;
  let last = 0;
  for (let y = top; y < bottom; y++)
    for (let at = 0; at < rowBytes; at++)
      if (bits[y * rowBytes + at] !== 0) {
        first = Math.min(first, at);
        last = Math.max(last, at);
      }
  return { first, last };
}

function packRows(rows: readonly string[]): string {
  return rows.map((row, index) => (index > 0 && row === rows[index - 1] ? ':' : packRow(row))).join('');
}

function packRow(row: string): string {
  const last = row.at(-1);
  let end = row.length;
  if (last === '0' || last === 'F') while (end > 0 && row[end - 1] === last) end -= 1;
  const packed = row
    .slice(0, end)
    .replaceAll(/(.)\1*/gsu, (run, digit: string) => runLength(run.length) + digit);
  return packed + (end === row.length ? '' : last === '0' ? ',' : '!');
}

function runLength(length: number): string {
  if (length === 1) return '';
  const most = 'z'.repeat(Math.floor(length / 400));
  const twenties = Math.floor((length % 400) / 20);
  const ones = length % 20;
  const letter = (base: string, count: number): string =>
    count === 0 ? '' : String.fromCharCode(base.charCodeAt(0) + count - 1);
  return most + letter('g', twenties) + letter('G', ones);
}
