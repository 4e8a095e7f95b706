/** The ways in which common JSON and XML writers would have written a text, without losing a digit of its numbers. */

/** Strings, punctuation and the rest; white space between them is dropped. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]|[^\s{}[\]:,"]+/gs;

interface Layout {
  readonly name: string;
  readonly comma: string;
  readonly colon: string;
  /** Indentation of a level, where every value has its line. */
  readonly indent?: string;
}
const layouts: readonly Layout[] = [
  { name: 'compact', comma: ',', colon: ':' },
  { name: 'spaces after comma and colon', comma: ', ', colon: ': ' },
  { name: 'spaces after colons', comma: ',', colon: ': ' },
  { name: 'indented by 2', comma: ',', colon: ': ', indent: '  ' },
  { name: 'indented by 4', comma: ',', colon: ': ', indent: '    ' },
];

const unicodeEscape = (upper: boolean) => (character: string) => {
  const hex = character.charCodeAt(0).toString(16).padStart(4, '0');
  return '\\u' + (upper ? hex.toUpperCase() : hex);
};
const nonAscii = /[\u0080-\uffff]/g;
const spellings: readonly { name: string; write: (text: string) => string }[] = [
  { name: '', write: (text) => text },
  { name: 'plain characters', write: rewrite((text) => text) },
  { name: '\\uxxxx escapes', write: rewrite((text) => text.replace(nonAscii, unicodeEscape(false))) },
  { name: '\\uXXXX escapes', write: rewrite((text) => text.replace(nonAscii, unicodeEscape(true))) },
  { name: 'escaped slashes', write: rewrite((text) => text.replaceAll('/', '\\/')) },
  {
    name: '\\uxxxx escapes and escaped slashes',
    write: rewrite((text) => text.replace(nonAscii, unicodeEscape(false)).replaceAll('/', '\\/')),
  },
];

function rewrite(style: (text: string) => string): (string: string) => string {
  return (string) => {
    try {
      return style(JSON.stringify(JSON.parse(string)));
    } catch {
      return string;
    }
  };
}

/** The other writings of a JSON text, by the name of their style; none if the text is not an object or a list. */
export function jsonStyles(): readonly { name: string; write: (text: string) => string }[] {
  return layouts.flatMap((layout) =>
    spellings.map((spelling) => ({
      name: [layout.name, spelling.name].filter(Boolean).join(', '),
      write: (text: string) => (/^\s*[[{]/.test(text) ? layOut(text, layout, spelling.write) : text),
    })),
  );
}

function layOut(text: string, layout: Layout, spell: (string: string) => string): string {
  const tokens = text.match(token) ?? [];
  const { comma, colon, indent } = layout;
  let depth = 0;
  const lineBreak = () => (indent === undefined ? '' : '\n' + indent.repeat(Math.min(depth, 32)));
  let out = '';
  for (const [index, piece] of tokens.entries()) {
    const closesEmpty = /^[[{]$/.test(tokens[index - 1] ?? '') && /^[\]}]$/.test(piece);
    if (piece === '{' || piece === '[') {
      depth++;
      out += piece + (/^[\]}]$/.test(tokens[index + 1] ?? '') ? '' : lineBreak());
    } else if (piece === '}' || piece === ']') {
      depth--;
      out += (closesEmpty ? '' : lineBreak()) + piece;
    } else if (piece === ',') out += comma + lineBreak();
    else if (piece === ':') out += colon;
    else out += piece.startsWith('"') ? spell(piece) : piece;
  }
  return out;
}

/** The other writings of an XML text. */
export const xmlStyles: readonly { name: string; write: (text: string) => string }[] = [
  { name: 'without white space between tags', write: (text) => text.replace(/>\s+</g, '><').trim() },
  { name: 'without XML declaration', write: (text) => text.replace(/^\s*<\?xml[^>]{0,200}\?>\s*/, '') },
  { name: 'with XML declaration', write: (text) => '<?xml version="1.0" encoding="utf-8"?>' + text },
  { name: 'with XML declaration', write: (text) => '<?xml version="1.0" encoding="UTF-8"?>' + text },
];
