/**
 * From a request to the bytes that its signature covers (protocol §1):
 *
 *     Σ over names sorted by UTF-16 code unit, without `sign`, of name + value   + raw body of the text kinds
 *
 * The digest has the secret on both sides of them. Everything is done on bytes. The bytes are copied once into a
 * fresh buffer, and the parts handed to the decoders are views of that buffer: what is decoded is what was hashed.
 */
import { type Charset, decodeBytes, isValidIn } from '../wire/charset.ts';
import { type BodyKind, readContentType } from '../wire/content-type.ts';
import { readMultipart } from '../wire/multipart.ts';
import { readPairs } from '../wire/pairs.ts';
import { percentDecode } from '../wire/percent.ts';
import {
  type HeaderLookup,
  nameForLog,
  type Refused,
  refused,
  type SpiParts,
  type SpiRequest,
  takeSnapshot,
} from './request.ts';

/** The widest interface of the family has a dozen parameters beside the system ones. */
const maxParameters = 512;
export const signListHeader = 'top-sign-list';

export type Source = 'query' | 'form' | 'header';
export interface Parameter {
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly value: Uint8Array;
  readonly source: Source;
}

export interface Canonical {
  readonly ok: true;
  /** The digest input between the two secrets. */
  readonly signed: Buffer;
  /** The query's `sign` as sent; undefined if there is none. */
  readonly presented: Uint8Array | undefined;
  /** A `sign` in the form or the signed headers does not count; with one in the query it is a duplicate. */
  readonly misplacedSign: boolean;
  readonly parts: SpiParts;
}

/** The signed bytes and the parts of a request, or why it has none. Never throws. */
export function canonicalise(request: SpiRequest): Canonical | Refused {
  const frame = readFrame(request);
  if (!frame.ok) return frame;
  const parameters = new Map<string, Parameter>();
  const problem =
    addQuery(parameters, frame) ?? addBody(parameters, frame) ?? addSignedHeaders(parameters, frame);
  return problem ?? assemble(parameters, frame);
}

interface Frame {
  readonly ok: true;
  readonly httpMethod: 'GET' | 'POST';
  readonly query: string;
  readonly headers: HeaderLookup;
  readonly bodyKind: BodyKind;
  readonly charset: Charset;
  readonly boundary: string;
  readonly body: Uint8Array;
}

/** Everything but the parameters: checked types, method, and what the headers say about the body. */
function readFrame(request: SpiRequest): Frame | Refused {
  const snapshot = takeSnapshot(request);
  if (snapshot === undefined) return refused('malformed-request');
  const { method, url, headers, body } = snapshot;
  if (method !== 'GET' && method !== 'POST') return refused('http-method');
  if (/[^!-"$-~\x80-\xff]/.test(url)) return refused('url');
  for (const name of ['content-type', 'content-encoding', signListHeader]) {
    if (headers.get(name) === null) return refused('header', name);
  }
  const encoding = headers.get('content-encoding') ?? '';
  if (encoding !== '' && encoding.toLowerCase() !== 'identity') return refused('content-encoding');
  const type = readContentType(headers.get('content-type') ?? undefined);
  if (typeof type === 'string') return refused(type);
  if (method === 'GET' && body.length > 0) return refused('unexpected-body');
  const queryAt = url.indexOf('?');
  return {
    ok: true,
    httpMethod: method,
    query: queryAt < 0 ? '' : url.slice(queryAt + 1),
    headers,
    bodyKind: method === 'GET' ? 'form' : type.kind,
    charset: type.charset,
    boundary: type.boundary ?? '',
    body,
  };
}

type Parameters = Map<string, Parameter>;

function add(
  parameters: Parameters,
  charset: Charset,
  source: Source,
  nameBytes: Uint8Array,
  value: Uint8Array,
): Refused | undefined {
  const name = decodeBytes(nameBytes, charset);
  if (name === undefined) return refused('bad-bytes', `the name of a ${source} parameter`);
  if (parameters.has(name)) return refused('duplicate-parameter', `parameter ${nameForLog(name)}`);
  if (parameters.size === maxParameters) return refused('too-many-parameters');
  parameters.set(name, { name, nameBytes, value, source });
  return undefined;
}

function addPairs(
  parameters: Parameters,
  charset: Charset,
  source: 'query' | 'form',
  bytes: Uint8Array,
): Refused | undefined {
  const reading = readPairs(bytes, maxParameters);
  if (!reading.ok) {
    if (reading.problem === 'too-many') return refused('too-many-parameters');
    return refused('bad-escape', `${source} parameter ${nameForLog(reading.name.toString('latin1'))}`);
  }
  for (const { name, value } of reading.pairs) {
    const problem = add(parameters, charset, source, name, value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function addQuery(parameters: Parameters, frame: Frame): Refused | undefined {
  return addPairs(parameters, frame.charset, 'query', Buffer.from(frame.query, 'latin1'));
}

function addBody(parameters: Parameters, frame: Frame): Refused | undefined {
  const { bodyKind, charset, body } = frame;
  if (bodyKind === 'form') return addPairs(parameters, charset, 'form', body);
  if (bodyKind !== 'multipart') return undefined;
  const reading = readMultipart(body, frame.boundary, charset, maxParameters);
  if (!reading.ok) return refused('multipart', reading.problem);
  for (const part of reading.parts) {
    const problem = part.isFile ? undefined : add(parameters, charset, 'form', part.name, part.content);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Names are signed in the spelling of the list, an absent header as an empty value (as the Java checker does). */
function addSignedHeaders(parameters: Parameters, frame: Frame): Refused | undefined {
  const list = frame.headers.get(signListHeader) ?? '';
  if (list === '') return undefined;
  for (const name of list.split(',', maxParameters + 2)) {
    if (name === '') continue;
    const value = frame.headers.get(name.toLowerCase());
    if (value === null) return refused('header', nameForLog(name));
    const decoded = percentDecode(Buffer.from(value ?? '', 'latin1'));
    if (decoded === undefined) return refused('bad-escape', `signed header ${nameForLog(name)}`);
    const problem = add(parameters, frame.charset, 'header', Buffer.from(name, 'latin1'), decoded);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function assemble(parameters: Parameters, frame: Frame): Canonical | Refused {
  const { httpMethod, charset, bodyKind } = frame;
  const sign = parameters.get('sign');
  parameters.delete('sign');
  const sorted = [...parameters.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const body = bodyKind === 'form' || bodyKind === 'multipart' ? new Uint8Array(0) : frame.body;
  const signed = joinSigned(sorted, body);
  const query = new Map<string, Buffer>();
  const form = new Map<string, Buffer>();
  let at = 0;
  for (const { name, nameBytes, value, source } of sorted) {
    at += nameBytes.length;
    const view = signed.subarray(at, at + value.length);
    at += value.length;
    if (source === 'query') query.set(name, view);
    else if (source === 'form') form.set(name, view);
  }
  const payload = signed.subarray(at);
  const signedHeaderNames = sorted.filter(({ source }) => source === 'header').map(({ name }) => name);
  const invalid = findInvalid(sorted, signed.subarray(0, at), payload, charset);
  if (invalid !== undefined) return refused('bad-bytes', invalid);
  return {
    ok: true,
    signed,
    presented: sign?.source === 'query' ? sign.value : undefined,
    misplacedSign: sign !== undefined && sign.source !== 'query',
    parts: { httpMethod, charset, bodyKind, query, form, payload, signedHeaderNames },
  };
}

/** name + value of each parameter in the given order, then the body. */
export function joinSigned(
  parameters: readonly Pick<Parameter, 'nameBytes' | 'value'>[],
  body: Uint8Array,
): Buffer {
  let length = body.length;
  for (const { nameBytes, value } of parameters) length += nameBytes.length + value.length;
  // Not from the pool: the parts that live on would keep a slab with foreign bytes alive.
  const joined = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const { nameBytes, value } of parameters) {
    joined.set(nameBytes, at);
    at += nameBytes.length;
    joined.set(value, at);
    at += value.length;
  }
  joined.set(body, at);
  return joined;
}

/** Where bytes are not valid in the charset. */
function findInvalid(
  parameters: readonly Parameter[],
  joined: Buffer,
  payload: Buffer,
  charset: Charset,
): string | undefined {
  if (!isValidIn(payload, charset)) return 'in the body';
  // Each name is valid UTF-8, so no value can borrow the missing bytes of its neighbour: one check serves them all.
  if (charset === 'utf-8' && isValidIn(joined, charset)) return undefined;
  const invalid = parameters.find(({ value }) => !isValidIn(value, charset));
  return invalid === undefined ? undefined : `${invalid.source} parameter ${nameForLog(invalid.name)}`;
}
