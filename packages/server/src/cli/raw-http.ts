import type { SpiRequest } from '@cardwright/top';

/**
 * Reads one captured HTTP request: request line, headers, blank line, body, with CRLF or LF. The body is kept byte
 * for byte; where Content-Length says less than there is, the rest is left out. Undefined where this is no request.
 */
export function parseRawHttp(capture: Uint8Array): SpiRequest | undefined {
  const bytes = Buffer.from(capture);
  const head = /^([\s\S]*?)(\r?\n)\r?\n/.exec(bytes.toString('latin1'));
  const headText = head?.[1] ?? bytes.toString('latin1');
  const bodyStart = head === null ? bytes.length : head[0].length;
  const [requestLine = '', ...headerLines] = headText.split(/\r?\n/);
  const match = /^([A-Za-z]+) +(\S+)(?: +HTTP\/[\d.]+)?$/.exec(requestLine.trim());
  if (match === null) return undefined;
  const headers: Record<string, string> = {};
  for (const line of headerLines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  const length = /^\d+$/.test(headers['content-length'] ?? '')
    ? Number(headers['content-length'])
    : undefined;
  const body = bytes.subarray(
    bodyStart,
    length === undefined ? bytes.length : Math.min(bytes.length, bodyStart + length),
  );
  return { method: (match[1] ?? '').toUpperCase(), url: pathOf(match[2] ?? ''), headers, body };
}

/** A proxy's absolute form loses scheme and host; the query stays as it is. */
function pathOf(target: string): string {
  return target.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
}
