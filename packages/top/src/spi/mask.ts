/**
 * Hides personal data, card data and tokens in text that is shown to people. Structure stays visible, so that the
 * shown text can be compared with what the other side signed.
 */

const sensitive = /receiver|logisticsinfo|cardno|password|qrcode|secret|session|token|phone|mobile|address/;
const maxNesting = 4;
/** Beyond the largest honest order; keeps the work on hostile text short. */
const maxLength = 1_048_576;

/** Whether values under this name are hidden; spelling (`card_no`, `cardNo`) does not matter. */
export function isSensitiveName(name: string): boolean {
  return sensitive.test(name.toLowerCase().replace(/[_-]/g, ''));
}

export function hide(value: string): string {
  return value === '' ? '' : `‹${value.length} hidden›`;
}

/** Masks a parameter's value: all of it where the name says so and it has no structure. */
export function maskValue(name: string, value: string): string {
  const structured = /^\s*[[{<]/.test(value);
  return isSensitiveName(name) && !structured ? hide(value) : maskText(value, isSensitiveName(name));
}

/** Masks JSON and XML by the names in them, broken ones too; other text as a whole if it speaks of such a name. */
export function maskText(text: string, all = false, nesting = 0): string {
  if (nesting > maxNesting || text.length > maxLength) return hide(text);
  if (/^\ufeff?\s*[[{]/.test(text)) return maskJson(text, all, nesting);
  if (/^\ufeff?\s*</.test(text)) return maskXml(text, all, nesting);
  return all || isSensitiveName(text) ? hide(text) : text;
}

/** Tokens of JSON and of anything that resembles it; the last alternative of a string is one that never ends. */
const jsonToken = /"[^"\\]*(?:\\.[^"\\]*)*"|".*$|[{}[\]:,]|\s+|[^\s{}[\]:,"]+/gs;

function maskJson(text: string, all: boolean, nesting: number): string {
  const tokens = text.match(jsonToken) ?? [];
  let hiddenDepth = all ? 0 : -1;
  let depth = 0;
  let key = '';
  return tokens
    .map((token, index) => {
      if (/^\s/.test(token) || token === ':') return token;
      if (token === '{' || token === '[') {
        if (hiddenDepth < 0 && isSensitiveName(key)) hiddenDepth = depth;
        depth++;
        // A list keeps the name of its field; what is inside an object has its own.
        if (token === '{') key = '';
        return token;
      }
      if (token === '}' || token === ']') {
        depth--;
        if (hiddenDepth === depth && !all) hiddenDepth = -1;
        key = '';
        return token;
      }
      if (token === ',') return token;
      if (nextToken(tokens, index) === ':') {
        key = stringOf(token);
        return key.length > 64 ? quoteLike(token, hide(key)) : token;
      }
      if (hiddenDepth >= 0 || isSensitiveName(key)) return quoteLike(token, hide(stringOf(token)));
      if (!token.startsWith('"')) return isSensitiveName(token) ? hide(token) : token;
      const inner = stringOf(token);
      const masked = maskText(inner, false, nesting + 1);
      return masked === inner ? token : JSON.stringify(masked);
    })
    .join('');
}

function nextToken(tokens: readonly string[], index: number): string | undefined {
  const next = tokens[index + 1];
  return next !== undefined && /^\s/.test(next) ? tokens[index + 2] : next;
}

function quoteLike(token: string, text: string): string {
  return token.startsWith('"') ? `"${text}"` : text;
}

function stringOf(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    return token.replace(/^"|"$/g, '');
  }
}

const xmlToken = /<!\[CDATA\[.*?(?:\]\]>|$)|<!--.*?(?:-->|$)|<[^<>]*>?|[^<]+/gs;

/** A longer tag is no tag of ours, and looking for attributes in it would take too long. */
const maxTag = 2048;
/** What is nested deeper is hidden; nothing of the family is. */
const maxDepth = 32;

function maskXml(text: string, all: boolean, nesting: number): string {
  const open: string[] = [];
  return (text.match(xmlToken) ?? [])
    .map((token) => {
      const hidden = all || open.length > maxDepth || open.some(isSensitiveName);
      if (token.startsWith('<!--')) return `<!--${hide(token)}-->`;
      if (token.startsWith('<![CDATA[')) return hidden ? `<![CDATA[${hide(token.slice(9, -3))}]]>` : token;
      if (!token.startsWith('<'))
        return hidden && token.trim() !== '' ? hide(token) : maskText(token, false, nesting + 1);
      if (token.length > maxTag) return hide(token);
      const name = /^<\/?([^\s/>]+)/.exec(token)?.[1] ?? '';
      if (token.startsWith('</')) close(open, name);
      else if (!/^<[?!]/.test(token) && !token.endsWith('/>') && open.length <= maxDepth) open.push(name);
      return token.replace(/([^\s=]+)(\s*=\s*)("[^"]*"?|'[^']*'?)/g, (whole, attribute: string) =>
        hidden || isSensitiveName(attribute) || isSensitiveName(name)
          ? `${attribute}="${hide(whole.slice(attribute.length))}"`
          : whole,
      );
    })
    .join('');
}

function close(open: string[], name: string): void {
  const at = open.lastIndexOf(name);
  if (at >= 0) open.length = at;
}
