import { readFileSync } from 'node:fs';
import * as fontkit from 'fontkit';
import { bundledFontPath } from '../../src/font/bundled.ts';

const mono = readFileSync(bundledFontPath('mono'));

/** A copy of the mono font with something done to it. */
export function changedFont(change: (font: Buffer) => void): Buffer {
  const font = Buffer.from(mono);
  change(font);
  return font;
}

/** Where the table's entry stands in the directory, and the table itself. */
export function tableAt(font: Buffer, tag: string): { entry: number; offset: number; length: number } {
  for (let entry = 12; entry < 12 + 16 * font.readUInt16BE(4); entry += 16)
    if (font.toString('latin1', entry, entry + 4) === tag)
      return { entry, offset: font.readUInt32BE(entry + 8), length: font.readUInt32BE(entry + 12) };
  throw new Error(`no table ${tag}`);
}

/** Names a table otherwise: as if it were not there, or another were. */
export function renamedTable(tag: string, name: string): Buffer {
  return changedFont((font) => font.write(name, tableAt(font, tag).entry, 'latin1'));
}

/** Two fonts in one file, the tables shared with the single font's offsets moved. */
export function collection(): Buffer {
  const header = Buffer.alloc(20);
  header.write('ttcf', 0, 'latin1');
  header.writeUInt32BE(0x00010000, 4);
  header.writeUInt32BE(2, 8);
  header.writeUInt32BE(20, 12);
  header.writeUInt32BE(20, 16);
  const font = changedFont((copy) => {
    for (let entry = 12; entry < 12 + 16 * copy.readUInt16BE(4); entry += 16)
      copy.writeUInt32BE(copy.readUInt32BE(entry + 8) + header.length, entry + 8);
  });
  return Buffer.concat([header, font]);
}

/** Gives a character the outline of the missing glyph, or none; the glyph after it in the file takes what is left. */
export function reshaped(codePoint: number, shape: 'box' | 'blank'): Buffer {
  const glyph = (fontkit.create(mono) as fontkit.Font).glyphForCodePoint(codePoint).id;
  return changedFont((font) => {
    const { offset: loca } = tableAt(font, 'loca');
    const { offset: glyf } = tableAt(font, 'glyf');
    const isLong = font.readInt16BE(tableAt(font, 'head').offset + 50) !== 0;
    const startOf = (index: number) =>
      isLong ? font.readUInt32BE(loca + 4 * index) : 2 * font.readUInt16BE(loca + 2 * index);
    const box = Buffer.from(font.subarray(glyf + startOf(0), glyf + startOf(1)));
    const start = startOf(glyph);
    const end = shape === 'box' ? start + box.length : start;
    if (isLong) font.writeUInt32BE(end, loca + 4 * (glyph + 1));
    else font.writeUInt16BE(end / 2, loca + 2 * (glyph + 1));
    if (shape === 'box') font.fill(0, glyf + end, glyf + end + 10).set(box, glyf + start);
  });
}
