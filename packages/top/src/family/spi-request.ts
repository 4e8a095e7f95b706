import { readJson } from '../json/read-json.ts';
import { decodeFields, decodeJsonValue, decodeXmlElement } from '../schema/decode.ts';
import type { Decoded, Issue } from '../schema/schema.ts';
import type { SpiParts } from '../spi/request.ts';
import { type Charset, decodeBytes } from '../wire/charset.ts';
import { readXml } from '../xml/read-xml.ts';
import { findGluedParameter, protocolNames } from './glued-parameters.ts';
import { isSpiMethod, type SpiMethod, type SpiRequestOf, spiFamily } from './spi.ts';

export type AnswerFormat = 'json' | 'xml';

/** A verified and strictly decoded SPI call; `params` has the type of its method. */
export type SpiCall = { [M in SpiMethod]: SpiCallOf<M> }[SpiMethod];
interface SpiCallOf<M extends SpiMethod> {
  readonly method: M;
  readonly params: SpiRequestOf<M>;
  readonly appKey: string;
  /** The sender's clock, milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly format: AnswerFormat;
  readonly charset: Charset;
}

/** Why a request with a right signature is refused all the same. */
export type SpiCallRefusal = {
  readonly reason:
    | 'unknown-method'
    | 'bad-system-parameter'
    | 'bad-encoding'
    | 'glued-parameter'
    | 'bad-parameter';
  readonly issue: Issue;
};
export type SpiCallReading = { ok: true; call: SpiCall } | { ok: false; refusal: SpiCallRefusal };

/**
 * Decodes what `verifySpi` verified. The signature joins names and values without separators, so one signature
 * fits many splits of the same bytes; what it can't tell apart is refused here by shape: unknown methods, odd
 * timestamps, parameters glued into a neighbour's value or moved into a signed header, an empty text body.
 */
export function readSpiCall(parts: SpiParts): SpiCallReading {
  const fields = decodeFieldBytes(parts);
  if (!(fields instanceof Map)) return fields;
  const method = fields.get('method') ?? '';
  if (!isSpiMethod(method))
    return refuse(
      'unknown-method',
      'method',
      'a method of this family',
      method === '' ? 'nothing' : 'another',
    );
  const bad = checkSystemParameters(parts, fields);
  if (bad !== undefined) return bad;
  const decoded = decodeParams(method, parts, fields);
  if (!decoded.ok) return { ok: false, refusal: { reason: 'bad-parameter', issue: decoded.issue } };
  const call = {
    method,
    params: decoded.value,
    appKey: fields.get('app_key') ?? '',
    timestampMs: parseTimestamp(fields.get('timestamp') ?? '') ?? 0,
    format: answerFormat(fields.get('format'), parts),
    charset: parts.charset,
  } as SpiCall;
  return { ok: true, call };
}

function refuse(
  reason: SpiCallRefusal['reason'],
  path: string,
  expected: string,
  found: string,
): SpiCallReading & { ok: false } {
  return { ok: false, refusal: { reason, issue: { path, expected, found } } };
}

function decodeFieldBytes(parts: SpiParts): Map<string, string> | (SpiCallReading & { ok: false }) {
  if (looksLikeUtf8UnderGbk(parts))
    return refuse('bad-encoding', '', `text in ${parts.charset}`, 'text that is UTF-8');
  const fields = new Map<string, string>();
  for (const source of [parts.query, parts.form]) {
    for (const [name, bytes] of source) {
      const text = decodeBytes(bytes, parts.charset);
      if (text === undefined) return refuse('bad-encoding', name, `text in ${parts.charset}`, 'other bytes');
      fields.set(name, text);
    }
  }
  return fields;
}

/**
 * The charset is named in a header that nobody signs: UTF-8 text relabelled as GBK would keep its signature and
 * store a garbled address. Four three-byte characters in a row of valid UTF-8 do not happen in real GBK text.
 */
function looksLikeUtf8UnderGbk(parts: SpiParts): boolean {
  if (parts.charset === 'utf-8') return false;
  const chunks = [...parts.query.values(), ...parts.form.values(), parts.payload];
  const threeByteCharacters = /[\u4e00-\u9fff]/g;
  let characters = 0;
  for (const chunk of chunks) {
    const text = decodeBytes(chunk, 'utf-8');
    if (text === undefined) return false;
    characters += text.match(threeByteCharacters)?.length ?? 0;
  }
  return characters >= 4;
}

const systemShapes: readonly (readonly [name: string, shape: RegExp, expected: string, required: boolean])[] =
  [
    ['app_key', /^[0-9A-Za-z_-]{1,64}$/, 'an app key', true],
    ['timestamp', /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/, 'yyyy-MM-dd HH:mm:ss', true],
    ['format', /^(?:json|xml)?$/, 'json | xml', false],
    ['v', /^(?:\d\.\d)?$/, '2.0', false],
    ['sign_method', /^(?:md5|hmac|hmac-sha256)?$/, 'md5 | hmac | hmac-sha256', false],
    ['simplify', /^(?:true|false)?$/, 'true | false', false],
    ['target_app_key', /^[0-9A-Za-z_-]{0,64}$/, 'an app key', false],
  ];

function checkSystemParameters(
  parts: SpiParts,
  fields: ReadonlyMap<string, string>,
): (SpiCallReading & { ok: false }) | undefined {
  for (const [name, shape, expected, isRequired] of systemShapes) {
    const value = fields.get(name);
    if (value === undefined) {
      if (isRequired) return refuse('bad-system-parameter', name, expected, 'nothing');
    } else if (!shape.test(value)) {
      return refuse('bad-system-parameter', name, expected, 'something else');
    }
  }
  if (parseTimestamp(fields.get('timestamp') ?? '') === undefined) {
    return refuse('bad-system-parameter', 'timestamp', 'a date and time that exist', 'another');
  }
  for (const name of ['method', 'app_key', 'timestamp']) {
    if (!parts.query.has(name))
      return refuse('bad-system-parameter', name, 'a parameter of the query', 'one of the body');
  }
  const inHeader = parts.signedHeaderNames.find((name) => protocolNames.has(name));
  if (inHeader !== undefined) return refuse('glued-parameter', inHeader, 'a parameter', 'a signed header');
  const glued = findGluedParameter(fields);
  return glued === undefined
    ? undefined
    : refuse('glued-parameter', glued, 'one parameter', 'two in one value');
}

const hourMs = 3_600_000;

/** `yyyy-MM-dd HH:mm:ss` in GMT+8 → milliseconds since the epoch; undefined where no such moment exists. */
export function parseTimestamp(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(text)) return undefined;
  const utcMs = Date.parse(`${text.replace(' ', 'T')}Z`);
  // A day that the month does not have, and the hour 24, become another day.
  if (Number.isNaN(utcMs) || new Date(utcMs).getUTCDate() !== Number(text.slice(8, 10))) return undefined;
  return utcMs - 8 * hourMs;
}

/** Milliseconds since the epoch → `yyyy-MM-dd HH:mm:ss` in GMT+8, as the platform writes time. */
export function formatTimestamp(timeMs: number): string {
  return formatUtc(timeMs + 8 * hourMs);
}

function formatUtc(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** The answer's format: the request's `format`, else as its body, else JSON. */
function answerFormat(format: string | undefined, parts: SpiParts): AnswerFormat {
  if (format === 'json' || format === 'xml') return format;
  return textKind(parts) === 'xml' ? 'xml' : 'json';
}

/** What a whole-body payload holds; `text/plain` is told by its first character. Undefined for forms. */
function textKind(parts: SpiParts): AnswerFormat | undefined {
  if (parts.bodyKind === 'json' || parts.bodyKind === 'xml') return parts.bodyKind;
  if (parts.bodyKind !== 'text') return undefined;
  return /^\s*</.test(Buffer.from(parts.payload.subarray(0, 64)).toString('latin1')) ? 'xml' : 'json';
}

function decodeParams(
  method: SpiMethod,
  parts: SpiParts,
  fields: ReadonlyMap<string, string>,
): Decoded<SpiRequestOf<SpiMethod>> {
  const kind = textKind(parts);
  if (kind === undefined) return decodeFormParams(method, fields);
  const issue = (expected: string, found: string): Decoded<never> => ({
    ok: false,
    issue: { path: '', expected, found },
  });
  const payload = decodeBytes(parts.payload, parts.charset);
  if (payload === undefined) return issue(`text in ${parts.charset}`, 'other bytes');
  if (payload.trim() === '') return issue('a body', 'an empty body');
  return kind === 'json' ? decodeJsonParams(method, payload, issue) : decodeXmlParams(method, payload, issue);
}

/** `status.query` has one struct, `request`, that may also come flat. */
const schemasByMethod = spiFamily;
const flatStatusQuery =
  spiFamily['alibaba.fundplatform.cardorder.status.query'].request.fields.request.schema;

function takesRequestStruct(method: SpiMethod): boolean {
  return method === 'alibaba.fundplatform.cardorder.status.query';
}

function wrapRequest<T>(decoded: Decoded<T>): Decoded<{ request: T }> {
  return decoded.ok ? { ok: true, value: { request: decoded.value } } : decoded;
}

function decodeFormParams(
  method: SpiMethod,
  fields: ReadonlyMap<string, string>,
): Decoded<SpiRequestOf<SpiMethod>> {
  if (takesRequestStruct(method) && !fields.has('request'))
    return wrapRequest(decodeFields(flatStatusQuery, fields));
  return decodeFields(schemasByMethod[method].request, fields);
}

type IssueMaker = (expected: string, found: string) => Decoded<never>;

function decodeJsonParams(
  method: SpiMethod,
  payload: string,
  issue: IssueMaker,
): Decoded<SpiRequestOf<SpiMethod>> {
  const reading = readJson(payload);
  if (!reading.ok) return issue('a JSON object', `${reading.problem} (at ${reading.offset})`);
  if (takesRequestStruct(method) && reading.value instanceof Map && !reading.value.has('request')) {
    return wrapRequest(decodeJsonValue(flatStatusQuery, reading.value));
  }
  return decodeJsonValue(schemasByMethod[method].request, reading.value);
}

function decodeXmlParams(
  method: SpiMethod,
  payload: string,
  issue: IssueMaker,
): Decoded<SpiRequestOf<SpiMethod>> {
  const reading = readXml(payload);
  if (!reading.ok) return issue('an XML document', reading.problem);
  if (reading.root.name !== 'request') return issue('<request>', 'another root element');
  if (takesRequestStruct(method) && !reading.root.children.some((child) => child.name === 'request')) {
    return wrapRequest(decodeXmlElement(flatStatusQuery, reading.root));
  }
  return decodeXmlElement(schemasByMethod[method].request, reading.root);
}
