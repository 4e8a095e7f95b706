/**
 * The gateway's side of an API call (protocol §2), for sandboxes and tests: reads the call of any client style,
 * checks it as the platform does, and answers with the platform's codes.
 */
import { timingSafeEqual } from 'node:crypto';
import { type AnswerFormat, parseTimestamp } from '../family/spi-request.ts';
import { lookUpHeaders, type SpiRequest } from '../spi/request.ts';
import { type Charset, decodeBytes } from '../wire/charset.ts';
import { type ContentType, readContentType } from '../wire/content-type.ts';
import { readMultipart } from '../wire/multipart.ts';
import { readPairs } from '../wire/pairs.ts';
import { type ApiRefusal, apiRefusal } from './answer.ts';
import { systemParams } from './params.ts';
import { isSignMethod, type SignMethod, signApiReading } from './sign.ts';

/** A call whose signature is right. Whether the method exists and its fields make sense is the caller's concern. */
export interface ApiCall {
  readonly method: string;
  readonly appKey: string;
  /** The business parameters, from wherever they travelled. */
  readonly fields: ReadonlyMap<string, string>;
  /** The body of JSON, XML and text calls. */
  readonly payload: string | undefined;
  readonly format: AnswerFormat;
  readonly simplify: boolean;
  readonly session: string | undefined;
  readonly signMethod: SignMethod;
  /** The sender's clock, milliseconds since the epoch. */
  readonly timestampMs: number;
}
export type ApiCallReading =
  | ({ readonly ok: true } & ApiCall)
  /** `format` is the one to answer in. */
  | {
      readonly ok: false;
      readonly refusal: ApiRefusal;
      readonly method: string | undefined;
      readonly format: AnswerFormat;
    };

/** How far the sender's clock may be from ours, both ways. */
const clockWindowMs = 600_000;
const maxParameters = 512;

class Refusal {
  readonly refusal: ApiRefusal;
  constructor(code: number, subCode?: string, subMsg?: string) {
    this.refusal = apiRefusal(code, subCode, subMsg);
  }
}

/**
 * Reads and checks a call; never throws on any input. `lookup` gives the secret of an app key. Parameters may be in
 * the query, a form or a multipart body; a name that is given twice is refused, because the signature can't tell
 * which is meant.
 */
export function readApiCall(
  request: SpiRequest,
  lookup: (appKey: string) => string | undefined,
  nowMs: number,
): ApiCallReading {
  const params = new Map<string, string>();
  try {
    const payload = collect(request, params);
    return { ok: true, ...check(params, payload, lookup, nowMs) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const format = params.get('format') === 'json' ? 'json' : 'xml';
    return { ok: false, refusal: error.refusal, method: params.get('method'), format };
  }
}

function invalid(what: string): Refusal {
  return new Refusal(43, 'isv.invalid-parameter', what);
}

/** Merges the parameters of query and body into `params`; returns the body where it is a payload of its own. */
function collect(request: SpiRequest, params: Map<string, string>): Payload | undefined {
  const { method, url, body } = request;
  if (method !== 'GET' && method !== 'POST') throw new Refusal(9);
  const headers = lookUpHeaders(request.headers);
  const type = readContentType(headers.get('content-type') ?? undefined);
  if (typeof type === 'string') throw invalid('Content-Type');
  const encoding = headers.get('content-encoding') ?? '';
  if (encoding !== '' && encoding.toLowerCase() !== 'identity') throw invalid('Content-Encoding');
  const queryAt = url.indexOf('?');
  if (queryAt >= 0) addPairs(Buffer.from(url.slice(queryAt + 1), 'latin1'), type.charset, params);
  if (method === 'GET') {
    if (body.length > 0) throw invalid('a GET request with a body');
    return undefined;
  }
  if (type.kind === 'form') addPairs(body, type.charset, params);
  else if (type.kind === 'multipart') addParts(body, type, params);
  else return readPayload(body, type.charset);
  return undefined;
}

interface Payload {
  readonly bytes: Uint8Array;
  readonly text: string;
}

function readPayload(bytes: Uint8Array, charset: Charset): Payload {
  const text = decodeBytes(bytes, charset);
  if (text === undefined) throw invalid('bytes that are not in the charset');
  return { bytes, text };
}

function add(params: Map<string, string>, name: Uint8Array, value: Uint8Array, charset: Charset): void {
  const nameText = decodeBytes(name, charset);
  const valueText = decodeBytes(value, charset);
  if (nameText === undefined || valueText === undefined) throw invalid('bytes that are not in the charset');
  if (params.has(nameText)) throw invalid('a parameter that is given twice');
  params.set(nameText, valueText);
}

function addPairs(bytes: Uint8Array, charset: Charset, params: Map<string, string>): void {
  const reading = readPairs(bytes, maxParameters);
  if (!reading.ok) throw invalid(reading.problem);
  for (const { name, value } of reading.pairs) add(params, name, value, charset);
}

/** Files are not signed and carry nothing for this family. */
function addParts(body: Uint8Array, type: ContentType, params: Map<string, string>): void {
  const reading = readMultipart(body, type.boundary ?? '', type.charset, maxParameters);
  if (!reading.ok) throw invalid(`multipart: ${reading.problem}`);
  for (const part of reading.parts) if (!part.isFile) add(params, part.name, part.content, type.charset);
}

function check(
  params: ReadonlyMap<string, string>,
  payload: Payload | undefined,
  lookup: (appKey: string) => string | undefined,
  nowMs: number,
): ApiCall {
  const format = params.get('format') || 'xml';
  if (format !== 'json' && format !== 'xml') throw new Refusal(23);
  const method = given(params, 'method', 21);
  // It becomes part of an element's name in the answer.
  if (!/^[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+$/.test(method) || method.length > 128) throw new Refusal(22);
  const appKey = given(params, 'app_key', 28);
  const secret = lookup(appKey);
  if (secret === undefined) throw new Refusal(29);
  checkVersion(given(params, 'v', 32));
  const timestampMs = readTimestamp(given(params, 'timestamp', 30), nowMs);
  const signMethod = params.get('sign_method') ?? '';
  if (signMethod === '') throw new Refusal(40, 'isv.missing-parameter:sign_method');
  if (!isSignMethod(signMethod)) throw new Refusal(41, 'isv.invalid-parameter:sign_method');
  const simplify = params.get('simplify') || 'false';
  if (simplify !== 'true' && simplify !== 'false') throw new Refusal(41, 'isv.invalid-parameter:simplify');
  checkSign(params, payload?.bytes ?? new Uint8Array(0), secret, signMethod);
  return {
    method,
    appKey,
    fields: new Map([...params].filter(([name]) => !systemParams.has(name))),
    payload: payload?.text,
    format,
    simplify: simplify === 'true' && format === 'json',
    session: params.get('session') || undefined,
    signMethod,
    timestampMs,
  };
}

function given(params: ReadonlyMap<string, string>, name: string, missingCode: number): string {
  const value = params.get(name) ?? '';
  if (value === '') throw new Refusal(missingCode);
  return value;
}

function checkVersion(version: string): void {
  if (!/^\d\.\d$/.test(version)) throw new Refusal(33);
  if (version !== '2.0') throw new Refusal(34);
}

/** `yyyy-MM-dd HH:mm:ss` in GMT+8, or epoch milliseconds as the Python SDK sends them. */
function readTimestamp(text: string, nowMs: number): number {
  const timeMs = /^\d{12,14}$/.test(text) ? Number(text) : parseTimestamp(text);
  if (timeMs === undefined || Math.abs(timeMs - nowMs) > clockWindowMs) throw new Refusal(31);
  return timeMs;
}

function checkSign(
  params: ReadonlyMap<string, string>,
  payload: Uint8Array,
  secret: string,
  signMethod: SignMethod,
): void {
  const sent = Buffer.from(given(params, 'sign', 24), 'utf8');
  let agrees = false;
  for (const blanks of ['left-out', 'signed'] as const) {
    const expected = Buffer.from(signApiReading(params, secret, signMethod, blanks, payload), 'utf8');
    if (sent.length === expected.length && timingSafeEqual(sent, expected)) agrees = true;
  }
  if (!agrees) throw new Refusal(25);
}
