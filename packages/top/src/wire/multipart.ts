/**
 * A strict reader for `multipart/form-data` (RFC 7578) held in memory. What RFC 2046 allows but no client of the
 * platform sends (a preamble, an epilogue, padding after boundaries, encoded parts) is refused, because every such
 * freedom is a place where two readers can disagree.
 */
import { type Charset, parseCharset } from './charset.ts';
import { readParameters, splitOutsideQuotes } from './content-type.ts';

export interface MultipartPart {
  /** The bytes of the name as sent, quotes and backslash escapes undone; in the charset of the request. */
  readonly name: Buffer;
  /** A view of the body. */
  readonly content: Buffer;
  /** File parts have a file name, be it empty; they are not signed. */
  readonly isFile: boolean;
}
export type MultipartReading =
  | { readonly ok: true; readonly parts: readonly MultipartPart[] }
  /** `problem` is an English clause that repeats nothing of the body. */
  | { readonly ok: false; readonly problem: string };

const lineEnd = '\r\n';
const maxHeaderBytes = 4096;

/** The parts of `body`, at most `limit`, in order. */
export function readMultipart(
  body: Uint8Array,
  boundary: string,
  charset: Charset,
  limit: number,
): MultipartReading {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const delimiter = lineEnd + '--' + boundary;
  const parts: MultipartPart[] = [];
  let at = openingEnd(bytes, delimiter);
  if (at < 0) return refuse('it does not start with its boundary');
  while (!startsWith(bytes, at, '--')) {
    if (!startsWith(bytes, at, lineEnd)) return refuse('a boundary is not followed by a line break');
    if (parts.length === limit) return refuse('it has too many parts');
    // From the line break after the boundary on, so that a part without headers is seen as one.
    const headerEnd = bytes.subarray(0, at + maxHeaderBytes).indexOf('\r\n\r\n', at, 'latin1');
    if (headerEnd < 0) return refuse('a part has no headers, or more than 4 KiB of them');
    const contentStart = headerEnd + 4;
    const contentEnd = bytes.indexOf(delimiter, contentStart - 2, 'latin1');
    if (contentEnd < 0) return refuse('it ends without its closing boundary');
    if (contentEnd < contentStart) return refuse('a part ends inside its headers');
    const headers = readHeaders(bytes.toString('latin1', at + 2, headerEnd), charset);
    if (typeof headers === 'string') return refuse(headers);
    parts.push({ ...headers, content: bytes.subarray(contentStart, contentEnd) });
    at = contentEnd + delimiter.length;
  }
  const rest = bytes.subarray(at + 2);
  if (rest.length > 0 && !rest.equals(Buffer.from(lineEnd)))
    return refuse('bytes follow its closing boundary');
  return { ok: true, parts };
}

function refuse(problem: string): MultipartReading {
  return { ok: false, problem };
}

/** Where the first boundary ends; a line break before it is allowed, text is not. */
function openingEnd(bytes: Buffer, delimiter: string): number {
  const first = delimiter.slice(lineEnd.length);
  if (startsWith(bytes, 0, first)) return first.length;
  return startsWith(bytes, 0, delimiter) ? delimiter.length : -1;
}

function startsWith(bytes: Buffer, at: number, text: string): boolean {
  return bytes.toString('latin1', at, at + text.length) === text;
}

/** The name and nature that a part's headers give it, or what is wrong with them. */
function readHeaders(text: string, charset: Charset): { name: Buffer; isFile: boolean } | string {
  const headers = new Map<string, string>();
  for (const line of text.split(lineEnd)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    // Also refuses folded lines, which start with white space.
    if (!/^[a-z0-9-]+$/.test(name)) return 'a part has a malformed header';
    if (headers.has(name)) return 'a part has a header twice';
    headers.set(name, line.slice(colon + 1).trim());
  }
  const encoding = headers.get('content-transfer-encoding')?.toLowerCase() ?? 'binary';
  if (!['7bit', '8bit', 'binary'].includes(encoding)) return 'a part has a transfer encoding';
  const [disposition, ...rest] = splitOutsideQuotes(headers.get('content-disposition') ?? '');
  const parameters = readParameters(rest);
  const name = parameters?.get('name');
  if (disposition?.trim().toLowerCase() !== 'form-data' || parameters === undefined || name === undefined) {
    return 'a part has no usable Content-Disposition';
  }
  const isFile = parameters.has('filename') || parameters.has('filename*');
  if (!isFile && !agreesOnCharset(headers.get('content-type'), charset)) {
    return 'a text part is in another charset than the request';
  }
  return { name: Buffer.from(name, 'latin1'), isFile };
}

function agreesOnCharset(contentType: string | undefined, charset: Charset): boolean {
  const label = readParameters(splitOutsideQuotes(contentType ?? '').slice(1))?.get('charset');
  return label === undefined || parseCharset(label) === charset;
}
