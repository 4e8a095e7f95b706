/** The Content-Types that the platform's requests come in (protocol §1). */
import { type Charset, parseCharset } from './charset.ts';

export type BodyKind = 'form' | 'json' | 'xml' | 'text' | 'multipart';

export interface ContentType {
  readonly kind: BodyKind;
  readonly charset: Charset;
  /** Of multipart bodies only, and always there for them. */
  readonly boundary?: string;
}
export type ContentTypeProblem = 'content-type' | 'charset';

const kinds: ReadonlyMap<string, BodyKind> = new Map([
  ['application/x-www-form-urlencoded', 'form'],
  ['application/json', 'json'],
  ['text/xml', 'xml'],
  ['application/xml', 'xml'],
  ['text/plain', 'text'],
  ['multipart/form-data', 'multipart'],
]);

/** The meaning of a Content-Type header, or undefined if its type or charset is not supported; see `readContentType`. */
export function parseContentType(value: string | undefined): ContentType | undefined {
  const read = readContentType(value);
  return typeof read === 'string' ? undefined : read;
}

/**
 * The meaning of a Content-Type header, or what is wrong with it. No header (or an empty one) means a form in UTF-8.
 * Names are read in any case, values may be quoted; a parameter given twice is a problem, unknown ones are not.
 */
export function readContentType(value: string | undefined): ContentType | ContentTypeProblem {
  const [type, ...rest] = splitOutsideQuotes(value ?? '');
  const mediaType = (type ?? '').trim().toLowerCase();
  const kind = mediaType === '' && rest.length === 0 ? 'form' : kinds.get(mediaType);
  if (kind === undefined) return 'content-type';
  const parameters = readParameters(rest);
  if (parameters === undefined) return 'content-type';
  const charset = parseCharset(parameters.get('charset'));
  if (charset === undefined) return 'charset';
  if (kind !== 'multipart') return { kind, charset };
  const boundary = parameters.get('boundary');
  // RFC 2046 §5.1.1: 1 to 70 characters of a small set, not ending in a space.
  if (boundary === undefined || !/^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/.test(boundary)) {
    return 'content-type';
  }
  return { kind, charset, boundary };
}

/**
 * The `name=value` parameters of a header such as Content-Type or Content-Disposition, names in lower case, quotes
 * and backslash escapes undone. Undefined if a parameter is malformed or given twice.
 */
export function readParameters(parts: readonly string[]): Map<string, string> | undefined {
  const parameters = new Map<string, string>();
  for (const part of parts) {
    const text = part.trim();
    if (text === '') continue;
    const equals = text.indexOf('=');
    if (equals <= 0) return undefined;
    const name = text.slice(0, equals).trim().toLowerCase();
    const value = unquote(text.slice(equals + 1).trim());
    if (value === undefined || parameters.has(name)) return undefined;
    parameters.set(name, value);
  }
  return parameters;
}

function unquote(value: string): string | undefined {
  if (!value.startsWith('"')) return value.includes('"') ? undefined : value;
  if (!/^"(?:[^"\\]|\\.)*"$/s.test(value)) return undefined;
  return value.slice(1, -1).replace(/\\(["\\])/g, '$1');
}

/** Splits at semicolons that are not inside double quotes. */
export function splitOutsideQuotes(value: string): string[] {
  if (!value.includes('"')) return value.split(';');
  const parts: string[] = [];
  let from = 0;
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    const character = value[i];
    if (character === '"') quoted = !quoted;
    else if (character === '\\' && quoted) i++;
    else if (character === ';' && !quoted) {
      parts.push(value.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(value.slice(from));
  return parts;
}
