import { type Charset, encodeText } from '../wire/charset.ts';
import { percentEncode } from '../wire/percent.ts';
import { signListHeader } from './canonical.ts';
import type { SpiRequest } from './request.ts';
import { signSpi } from './sign.ts';

export type ComposedBody =
  | { readonly kind: 'form' | 'get' | 'multipart'; readonly fields: Readonly<Record<string, string>> }
  | { readonly kind: 'json' | 'xml' | 'text'; readonly payload: string };

export interface CallToCompose {
  /** Path and optional query, as the card maker configured it with the platform; its parameters are signed too. */
  readonly url: string;
  /** The interface's name, e.g. `alibaba.fundplatform.cardorder.make`. */
  readonly method: string;
  readonly appKey: string;
  readonly secret: string;
  readonly timestamp: Date;
  /** UTF-8 unless told; of query, body, digest and Content-Type. */
  readonly charset?: Charset;
  /** The wanted format of the answer; `json` unless told. */
  readonly format?: 'json' | 'xml';
  /** Further parameters of the query; they replace the ones that would be sent anyway. */
  readonly system?: Readonly<Record<string, string>>;
  /** Headers to send and to name in `top-sign-list`, by name as spelled in the list; values not yet encoded. */
  readonly signedHeaders?: Readonly<Record<string, string>>;
  readonly body: ComposedBody;
}

/**
 * A signed request as the platform would send it: the counterpart of `verifySpi` for sandboxes and tests.
 *
 * @throws TypeError if a text cannot be written in the charset, or the request could not be verified (a parameter
 *   both in `url` and elsewhere, for one)
 */
export function composeSpi(call: CallToCompose): SpiRequest {
  const charset = call.charset ?? 'utf-8';
  const system = new Map([
    ['app_key', call.appKey],
    ['method', call.method],
    ['timestamp', platformTime(call.timestamp)],
    ['v', '2.0'],
    ['format', call.format ?? 'json'],
    ['sign_method', 'md5'],
    ...Object.entries(call.system ?? {}),
  ]);
  const { contentType, body } = composeBody(call.body, charset);
  const query = encodePairs(system, charset);
  const fields = call.body.kind === 'get' ? encodePairs(Object.entries(call.body.fields), charset) : '';
  const unsigned = {
    method: call.body.kind === 'get' ? 'GET' : 'POST',
    url: append(append(call.url, query), fields),
    headers: { 'Content-Type': contentType, ...composeHeaders(call.signedHeaders ?? {}, charset) },
    body,
  };
  return { ...unsigned, url: append(unsigned.url, 'sign=' + signSpi(unsigned, call.secret)) };
}

/** `yyyy-MM-dd HH:mm:ss` in the platform's time zone, GMT+8. */
function platformTime(time: Date): string {
  return new Date(time.getTime() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}

function append(url: string, query: string): string {
  if (query === '') return url;
  if (!url.includes('?')) return `${url}?${query}`;
  return /[?&]$/.test(url) ? url + query : `${url}&${query}`;
}

function bytesOf(text: string, charset: Charset): Buffer {
  const bytes = encodeText(text, charset);
  if (bytes === undefined) throw new TypeError(`a text of the request cannot be written in ${charset}`);
  return bytes;
}

function encodePairs(pairs: Iterable<readonly [string, string]>, charset: Charset): string {
  const encode = (text: string) => percentEncode(bytesOf(text, charset));
  return Array.from(pairs, ([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
}

function composeHeaders(headers: Readonly<Record<string, string>>, charset: Charset): Record<string, string> {
  const names = Object.keys(headers);
  if (names.length === 0) return {};
  const encoded = Object.entries(headers).map(([name, value]) => [
    name,
    percentEncode(bytesOf(value, charset)),
  ]);
  return { [signListHeader]: names.join(','), ...Object.fromEntries(encoded) };
}

const textTypes = { json: 'application/json', xml: 'text/xml', text: 'text/plain' } as const;

function composeBody(body: ComposedBody, charset: Charset): { contentType: string; body: Buffer } {
  const suffix = `;charset=${charset.toUpperCase()}`;
  switch (body.kind) {
    case 'get':
      return { contentType: 'application/x-www-form-urlencoded' + suffix, body: Buffer.alloc(0) };
    case 'form': {
      const form = encodePairs(Object.entries(body.fields), charset);
      return {
        contentType: 'application/x-www-form-urlencoded' + suffix,
        body: Buffer.from(form, 'latin1'),
      };
    }
    case 'multipart': {
      const { boundary, bytes } = composeMultipart(body.fields, charset);
      return { contentType: `multipart/form-data${suffix};boundary=${boundary}`, body: bytes };
    }
    default:
      return { contentType: textTypes[body.kind] + suffix, body: bytesOf(body.payload, charset) };
  }
}

/** The boundary is the first of a fixed row that does not occur in the values: same input, same bytes. */
function composeMultipart(
  fields: Readonly<Record<string, string>>,
  charset: Charset,
): { boundary: string; bytes: Buffer } {
  const parts = Object.entries(fields).map(([name, value]) => {
    if (/[\r\n]/.test(name)) throw new TypeError('the name of a multipart field holds a line break');
    const quoted = name.replace(/["\\]/g, '\\$&');
    return {
      head: bytesOf(
        `Content-Disposition:form-data;name="${quoted}"\r\nContent-Type:text/plain\r\n\r\n`,
        charset,
      ),
      content: bytesOf(value, charset),
    };
  });
  let boundary = 'cardwright';
  for (let n = 0; parts.some(({ content }) => content.includes(boundary)); n++) boundary = `cardwright-${n}`;
  const pieces: Buffer[] = [];
  for (const { head, content } of parts) {
    pieces.push(Buffer.from(`--${boundary}\r\n`), head, content, Buffer.from('\r\n'));
  }
  return { boundary, bytes: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]) };
}
