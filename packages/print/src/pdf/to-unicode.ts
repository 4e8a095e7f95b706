import type { SubsetGlyph } from '../font/subset.ts';

/** The specification's limit of entries in one block of a CMap. */
const entriesPerBlock = 100;

/** Which text each CID stands for, so that text can be searched and copied (ISO 32000-1, 9.10.3). Entries sorted by CID. */
export function toUnicodeMap(entries: readonly Pick<SubsetGlyph, 'cid' | 'codePoint'>[]): string {
  const blocks: string[] = [];
  for (let start = 0; start < entries.length; start += entriesPerBlock) {
    const lines = entries
      .slice(start, start + entriesPerBlock)
      .map(({ cid, codePoint }) => `<${hex(cid)}><${utf16Text(codePoint)}>`);
    blocks.push(`${lines.length} beginbfchar\n${lines.join('\n')}\nendbfchar\n`);
  }
  return `/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000><FFFF>
endcodespacerange
${blocks.join('')}endcmap
CMapName currentdict /CMap defineresource pop
end
end
`;
}

/** UTF-16BE: characters beyond the BMP are a pair of surrogates. */
function utf16Text(codePoint: number): string {
  const text = String.fromCodePoint(codePoint);
  return Array.from({ length: text.length }, (_, at) => hex(text.charCodeAt(at))).join('');
}

function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(4, '0');
}
