/** What the platform sent us (SPI, protocol §1), and the reasons for which it can be refused. */
import type { Charset } from '../wire/charset.ts';
import type { BodyKind } from '../wire/content-type.ts';

/** A request as it came in. `url` is the path with the raw query; header values are as `node:http` gives them. */
export interface SpiRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
}

/**
 * What was verified, and all that may be decoded: values are the very bytes that were hashed, copied out of the
 * request. `sign` itself is in neither map. Signed headers are covered by the signature but carry no fields.
 */
export interface SpiParts {
  readonly httpMethod: 'GET' | 'POST';
  readonly charset: Charset;
  /** `form` for every GET. */
  readonly bodyKind: BodyKind;
  readonly query: ReadonlyMap<string, Buffer>;
  /** Form fields, or the text parts of a multipart body. */
  readonly form: ReadonlyMap<string, Buffer>;
  /** The whole body of the kinds json, xml and text; empty for the others. */
  readonly payload: Buffer;
  /** The names that `top-sign-list` put under the signature, as spelled there. */
  readonly signedHeaderNames: readonly string[];
}

/** Why a request is refused: code and sentence. Codes are stable; they may be logged and counted. */
export const spiRefusals = {
  'malformed-request': 'the request is not an object of method, url, headers and body bytes',
  'http-method': 'only GET and POST are served',
  url: 'the URL holds characters that cannot stand in a request line',
  header: 'a header that matters is repeated or not plain text',
  'content-type': 'the Content-Type is not supported or malformed',
  charset: 'the charset is not UTF-8, GBK, GB2312 or GB18030',
  'content-encoding': 'compressed bodies are not accepted',
  'unexpected-body': 'a GET request must not have a body',
  multipart: 'the multipart body is malformed',
  'too-many-parameters': 'there are more parameters than any interface has',
  'bad-escape': 'a percent escape is not % and two hexadecimal digits',
  'bad-bytes': 'there are bytes that are not valid in the charset',
  'duplicate-parameter': 'a parameter is given more than once',
  'missing-sign': 'the query has no sign',
  'wrong-sign': 'the sign does not match the request under any of the secrets',
  'no-secret': 'there is no usable secret to verify with',
} as const satisfies Record<string, string>;

export type SpiRefusal = keyof typeof spiRefusals;

export interface Refused {
  readonly ok: false;
  readonly reason: SpiRefusal;
  /** An English sentence that may name a parameter, but holds no value, no body text and no secret. */
  readonly detail: string;
}

/** Builds a refusal; `place` says where, e.g. `query parameter "v"`. */
export function refused(reason: SpiRefusal, place?: string): Refused {
  return { ok: false, reason, detail: spiRefusals[reason] + (place === undefined ? '' : `: ${place}`) };
}

/**
 * A name that is safe to log. Whatever does not look like a parameter's name is only described: a JSON body sent as
 * a form, for one, is a single "name" full of personal data.
 */
export function nameForLog(name: string): string {
  return /^[A-Za-z_][\w.:-]{0,63}$/.test(name) ? `"${name}"` : 'whose name is not an identifier';
}

/** Headers by lower-case name; null where the name is given twice or the value is not text of single bytes. */
export type HeaderLookup = ReadonlyMap<string, string | null>;

/** Header names are compared in any case; undefined values count as absent. */
export function lookUpHeaders(headers: SpiRequest['headers']): HeaderLookup {
  const found = new Map<string, string | null>();
  for (const key of Object.keys(headers)) {
    const given: unknown = headers[key];
    if (given === undefined) continue;
    const value: unknown = Array.isArray(given) && given.length === 1 ? given[0] : given;
    const name = key.toLowerCase();
    const usable = typeof value === 'string' && !found.has(name) && !/[^\0-\xff]/.test(value);
    found.set(name, usable ? value : null);
  }
  return found;
}

/** A request whose fields have the promised types, each read once. */
export interface Snapshot {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderLookup;
  readonly body: Uint8Array;
}

/** Undefined if a field has another type than `SpiRequest` says, or throws when it is read. */
export function takeSnapshot(request: SpiRequest): Snapshot | undefined {
  try {
    const { method, url, headers, body }: Partial<Record<keyof SpiRequest, unknown>> = request;
    if (typeof method !== 'string' || typeof url !== 'string') return undefined;
    if (typeof headers !== 'object' || headers === null || !(body instanceof Uint8Array)) return undefined;
    // Also refuses a body whose memory was transferred away.
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
    return { method, url, headers: lookUpHeaders(headers as SpiRequest['headers']), body: bytes };
  } catch {
    return undefined;
  }
}
