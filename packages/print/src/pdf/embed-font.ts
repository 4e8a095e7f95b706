import type { FontSubset } from '../font/subset.ts';
import type { PdfFile } from './file.ts';
import { nameText, numbersText, numberText, type Ref, refText } from './syntax.ts';
import { toUnicodeMap } from './to-unicode.ts';

/** Ideographs are one em wide: with this default only other widths are listed. */
const defaultWidth = 1000;

/**
 * Writes the font that pages name by `ref`: Type 0 with two-byte codes that are the numbers pages drew, of the WHOLE
 * font, since pages are drawn before anyone knows the subset; a map leads from there to the subset's own numbers.
 */
export function embedFont(file: PdfFile, ref: Ref, font: FontSubset): void {
  const name = nameText(font.postScriptName);
  const descendant = file.allocate();
  const descriptor = file.allocate();
  const fontFile = file.allocate();
  const toGlyph = file.allocate();
  const toUnicode = file.allocate();
  file.writeObject(
    ref,
    `<</Type/Font/Subtype/Type0/BaseFont${name}/Encoding/Identity-H/DescendantFonts[${refText(descendant)}]` +
      `/ToUnicode ${refText(toUnicode)}>>`,
  );
  file.writeObject(
    descendant,
    `<</Type/Font/Subtype/CIDFontType2/BaseFont${name}` +
      '/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>' +
      `/FontDescriptor ${refText(descriptor)}/DW ${defaultWidth}/W${widthsText(font)}/CIDToGIDMap ${refText(toGlyph)}>>`,
  );
  file.writeObject(descriptor, descriptorText(font, fontFile));
  file.writeStream(fontFile, `/Length1 ${font.fontFile.length}`, font.fontFile, { deflate: true });
  file.writeStream(toGlyph, '', glyphNumbers(font), { deflate: true });
  file.writeStream(toUnicode, '', Buffer.from(toUnicodeMap(font.glyphs), 'latin1'), { deflate: true });
}

function descriptorText({ postScriptName, metrics }: FontSubset, fontFile: Ref): string {
  return (
    `<</Type/FontDescriptor/FontName${nameText(postScriptName)}/Flags ${metrics.flags}` +
    `/FontBBox${numbersText(metrics.bbox)}/ItalicAngle ${numberText(metrics.italicAngle)}` +
    `/Ascent ${numberText(metrics.ascent)}/Descent ${numberText(metrics.descent)}` +
    `/CapHeight ${numberText(metrics.capHeight)}/StemV ${numberText(metrics.stemV)}/FontFile2 ${refText(fontFile)}>>`
  );
}

/** Runs of neighbouring codes: `[3[500 520]9[600]]` (ISO 32000-1, 9.7.4.3). */
function widthsText({ glyphs }: FontSubset): string {
  let text = '';
  let next = -1;
  for (const { cid, widthPer1000 } of glyphs) {
    if (widthPer1000 === defaultWidth) continue;
    const width = numberText(widthPer1000);
    text += cid === next ? ` ${width}` : `${next < 0 ? '' : ']'}${cid}[${width}`;
    next = cid + 1;
  }
  return next < 0 ? '[]' : `[${text}]]`;
}

/** Two bytes for each code up to the last used: 0, the box of a missing glyph, where none is. */
function glyphNumbers({ glyphs }: FontSubset): Uint8Array {
  const last = glyphs.at(-1)?.cid ?? 0;
  const numbers = Buffer.alloc(2 * (last + 1));
  for (const { cid, fontGlyph } of glyphs) numbers.writeUInt16BE(fontGlyph, 2 * cid);
  return numbers;
}
