import type { SfntTables } from './sfnt.ts';

const postScriptNameId = 6;
const windows = 3;
const longestName = 63;

/** The name by which PDF knows the font, of characters that PDF and PostScript allow; `Font` where the file has none. */
export function readPostScriptName(tables: SfntTables): string {
  const table = tables.get('name');
  if (table === undefined || table.byteLength < 6) return 'Font';
  const stringsAt = table.getUint16(4);
  for (let at = 6, left = table.getUint16(2); left > 0 && at + 12 <= table.byteLength; left--, at += 12) {
    if (table.getUint16(at + 6) !== postScriptNameId) continue;
    const start = stringsAt + table.getUint16(at + 10);
    const length = table.getUint16(at + 8);
    if (start + length > table.byteLength) continue;
    const isWide = table.getUint16(at) === windows || table.getUint16(at) === 0;
    const name = asciiAt(table, start, length, isWide);
    if (name !== '') return name;
  }
  return 'Font';
}

function asciiAt(table: DataView, start: number, length: number, isWide: boolean): string {
  let text = '';
  const end = start + Math.min(length, 4 * longestName);
  for (let at = start; at + (isWide ? 1 : 0) < end; at += isWide ? 2 : 1)
    text += String.fromCharCode(isWide ? table.getUint16(at) : table.getUint8(at));
  return text.replaceAll(/[^A-Za-z0-9_.-]/g, '').slice(0, longestName);
}
