/**
 * A forgiving reading of a request, for explaining why it fails: where the strict reading refuses, this one guesses
 * as the platform's own Java code does. Nothing here decides whether a request is accepted.
 */
import type { Charset } from '../wire/charset.ts';
import { type BodyKind, type ContentType, readContentType } from '../wire/content-type.ts';
import { readMultipart } from '../wire/multipart.ts';
import { percentDecodeInto } from '../wire/percent.ts';
import { type Parameter, type Source, signListHeader } from './canonical.ts';
import { type HeaderLookup, type SpiRequest, takeSnapshot } from './request.ts';

/** A parameter with the value as it travelled, before any decoding. */
export interface LooseParameter extends Parameter {
  readonly raw: Uint8Array;
}

export interface LooseRequest {
  readonly headers: HeaderLookup;
  readonly charset: Charset;
  readonly bodyKind: BodyKind;
  /** By name, first source first: query, form, signed headers; `sign` of the query is not among them. */
  readonly parameters: readonly LooseParameter[];
  readonly presented: Buffer | undefined;
  /** The whole body. */
  readonly body: Buffer;
  /** What is signed of the body as such: all of it for the text kinds, nothing for forms. */
  readonly payload: Buffer;
}

const limit = 512;

/** Undefined if the request is not even an object of the right shape. */
export function readLoosely(request: SpiRequest): LooseRequest | undefined {
  const snapshot = takeSnapshot(request);
  if (snapshot === undefined) return undefined;
  const { url, headers } = snapshot;
  const body = Buffer.from(snapshot.body);
  const { kind, charset, boundary } = guessType(headers, body);
  const queryText = url.includes('?') ? url.slice(url.indexOf('?') + 1).replace(/#.*$/s, '') : '';
  // In the query the last of equal names wins, elsewhere the first (informative vectors of protocol §1).
  const query = splitPairs(Buffer.from(queryText, 'latin1'), 'query').reverse();
  const found = new Map<string, LooseParameter>();
  for (const parameter of [...query, ...formOf(kind, body, boundary, charset), ...headersOf(headers)]) {
    if (!found.has(parameter.name)) found.set(parameter.name, parameter);
  }
  const sign = found.get('sign');
  if (sign?.source === 'query') found.delete('sign');
  return {
    headers,
    charset,
    bodyKind: kind,
    parameters: [...found.values()],
    presented: sign?.source === 'query' ? Buffer.from(sign.value) : undefined,
    body,
    payload: kind === 'form' || kind === 'multipart' ? Buffer.alloc(0) : body,
  };
}

function guessType(headers: HeaderLookup, body: Buffer): ContentType {
  const value = headers.get('content-type') ?? '';
  const type = readContentType(value);
  if (typeof type !== 'string') return type;
  const charset: Charset = /gb/i.test(value) ? 'gb18030' : 'utf-8';
  const start = body.toString('latin1', 0, 64).trimStart();
  if (/json/i.test(value) || /^[[{]/.test(start)) return { kind: 'json', charset };
  if (/xml/i.test(value) || start.startsWith('<')) return { kind: 'xml', charset };
  return { kind: /form/i.test(value) ? 'form' : 'text', charset };
}

/** Decodes escapes and leaves bad ones as they are. `+` is a space unless `keepPlus`. */
export function decodeLoosely(raw: Uint8Array, keepPlus = false): Buffer {
  const out = Buffer.alloc(raw.length);
  let to = 0;
  for (let i = 0; i < raw.length; i++) {
    const escaped = raw[i] === 0x25 && percentDecodeInto(raw, i, Math.min(i + 3, raw.length), out, to) > 0;
    if (escaped) i += 2;
    else out[to] = raw[i] === 0x2b && !keepPlus ? 0x20 : raw[i]!;
    to++;
  }
  return out.subarray(0, to);
}

function looseParameter(source: Source, name: Buffer, raw: Buffer, value: Buffer): LooseParameter {
  // Latin-1 tells all names apart, and UTF-8 and GBK names of this protocol are ASCII anyway.
  return { name: name.toString('latin1'), nameBytes: name, value, source, raw };
}

function splitPairs(bytes: Buffer, source: Source): LooseParameter[] {
  const text = bytes.toString('latin1');
  const parameters: LooseParameter[] = [];
  for (const pair of text.split('&', limit)) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const raw = Buffer.from(equals < 0 ? '' : pair.slice(equals + 1), 'latin1');
    parameters.push(
      looseParameter(source, decodeLoosely(Buffer.from(name, 'latin1')), raw, decodeLoosely(raw)),
    );
  }
  return parameters;
}

function formOf(
  kind: BodyKind,
  body: Buffer,
  boundary: string | undefined,
  charset: Charset,
): LooseParameter[] {
  if (kind === 'form') return splitPairs(body, 'form');
  if (kind !== 'multipart' || boundary === undefined) return [];
  const reading = readMultipart(body, boundary, charset, limit);
  if (!reading.ok) return [];
  const texts = reading.parts.filter((part) => !part.isFile);
  return texts.map(({ name, content }) => looseParameter('form', name, content, content));
}

function headersOf(headers: HeaderLookup): LooseParameter[] {
  const names = (headers.get(signListHeader) ?? '').split(',', limit).filter((name) => name !== '');
  return names.map((name) => {
    const raw = Buffer.from(headers.get(name.toLowerCase()) ?? '', 'latin1');
    return looseParameter('header', Buffer.from(name, 'latin1'), raw, decodeLoosely(raw));
  });
}
