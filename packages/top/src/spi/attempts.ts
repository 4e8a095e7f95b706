/** What a mistaken signer may have hashed: every known mistake, applied to a request that was read loosely. */
import { type Charset, encodeText } from '../wire/charset.ts';
import { joinSigned } from './canonical.ts';
import type { SpiCauseCode } from './causes.ts';
import { decodeLoosely, type LooseParameter, type LooseRequest } from './loose.ts';
import { nameForLog } from './request.ts';
import { jsonStyles, xmlStyles } from './reserialise.ts';

export interface Attempt {
  readonly code: SpiCauseCode;
  readonly about: string;
  readonly signed: Buffer;
  /** MD5 on both sides of the secret unless told. */
  readonly hmac?: 'md5' | 'sha256';
}

type Signed = Pick<LooseParameter, 'name' | 'nameBytes' | 'value'>;

function join(parameters: readonly Signed[], payload: Uint8Array): Buffer {
  const sorted = [...parameters].sort((a, b) => (a.name < b.name ? -1 : 1));
  return joinSigned(sorted, payload);
}

/** The bytes that the protocol wants hashed. */
export function expectedBytes(loose: LooseRequest): Buffer {
  return join(
    loose.parameters.filter(({ name }) => name !== 'sign'),
    loose.payload,
  );
}

/**
 * All attempts, the likely ones first. Those that change nothing about this request are still there; the caller
 * drops what equals `expectedBytes`. One or two hundred, each the size of the request: made one at a time.
 */
export function* attempts(loose: LooseRequest): Generator<Attempt> {
  yield* charsetAttempts(loose);
  yield* encodingAttempts(loose);
  yield* omissionAttempts(loose);
  yield* bodyAttempts(loose);
  yield* methodAttempts(loose);
  yield* styleAttempts(loose);
  yield* singleOmissions(loose);
}

/** The part of a request that a mistake may have been confined to. */
interface Scope {
  readonly name: string;
  readonly includes: (parameter: LooseParameter) => boolean;
  readonly payload: boolean;
}
const scopes: readonly Scope[] = [
  { name: 'query and body', includes: ({ source }) => source !== 'header', payload: true },
  { name: 'query', includes: ({ source }) => source === 'query', payload: false },
  { name: 'body', includes: ({ source }) => source === 'form', payload: true },
];
const [, , bodyScope] = scopes as [Scope, Scope, Scope];

function parametersOf(loose: LooseRequest): LooseParameter[] {
  return loose.parameters.filter(({ name }) => name !== 'sign');
}

/** Joins with the values in scope changed; the payload is in scope of the body if `payload` is given. */
function changed(
  loose: LooseRequest,
  scope: Scope,
  value: (parameter: LooseParameter) => Uint8Array,
  payload: (bytes: Buffer) => Uint8Array = (bytes) => bytes,
): Buffer {
  const parameters = parametersOf(loose).map((parameter) =>
    scope.includes(parameter) ? { ...parameter, value: value(parameter) } : parameter,
  );
  return join(parameters, scope.payload ? payload(loose.payload) : loose.payload);
}

const decoders = {
  'UTF-8': new TextDecoder('utf-8', { ignoreBOM: true }),
  GB18030: new TextDecoder('gb18030', { ignoreBOM: true }),
  // Not the label iso-8859-1, which means Windows-1252.
  'ISO-8859-1': { decode: (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1') },
} as const;

const conversions: readonly { from: keyof typeof decoders; to: Charset }[] = [
  { from: 'UTF-8', to: 'gb18030' },
  { from: 'GB18030', to: 'utf-8' },
  { from: 'ISO-8859-1', to: 'utf-8' },
  { from: 'UTF-8', to: 'utf-8' },
  { from: 'GB18030', to: 'gb18030' },
];

function* charsetAttempts(loose: LooseRequest): Generator<Attempt> {
  for (const { from, to } of conversions) {
    for (const replacement of ['?', '\ufffd']) {
      const convert = (bytes: Uint8Array): Uint8Array => {
        const text = decoders[from].decode(bytes).replaceAll('\ufffd', replacement);
        return encodeText(text, to) ?? bytes;
      };
      // Reading and writing in one charset changes only what is not valid in it.
      const same = from.toLowerCase() === to;
      const about = same ? from : `sent in ${from}, signed in ${to.toUpperCase()}`;
      for (const scope of scopes) {
        const signed = changed(loose, scope, ({ value }) => convert(value), convert);
        yield { code: same ? 'bad-bytes' : 'charset', about, signed };
      }
    }
  }
}

/** More parameters than this are not tried one by one. */
const singleLimit = 64;

const plusByte = 0x2b;
const spaceByte = 0x20;
const equalsByte = 0x3d;

function replaceByte(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return Buffer.from(bytes).map((byte) => (byte === from ? to : byte));
}

/** A single parameter that was put together by hand, among others that an encoder wrote. */
function singleScopes(loose: LooseRequest): Scope[] {
  const encoded = parametersOf(loose).filter(
    ({ source, raw }) => source !== 'header' && /[+%]/.test(latin1(raw)),
  );
  return encoded.slice(0, singleLimit).map((single) => ({
    name: `parameter ${nameForLog(single.name)}`,
    includes: (parameter) => parameter === single,
    payload: false,
  }));
}

function* encodingAttempts(loose: LooseRequest): Generator<Attempt> {
  for (const scope of [...scopes, ...singleScopes(loose)]) {
    const attempt = (
      code: SpiCauseCode,
      about: string,
      value: (p: LooseParameter) => Uint8Array,
    ): Attempt => {
      return { code, about: `${scope.name}: ${about}`, signed: changed(loose, scope, value) };
    };
    yield attempt('plus-as-space', 'sent as +, signed as +', ({ raw }) => decodeLoosely(raw, true));
    yield attempt('plus-as-space', 'sent as %2B, signed as a space', ({ value }) =>
      replaceByte(value, plusByte, spaceByte),
    );
    yield attempt('plus-as-space', 'sent as a space, signed as +', ({ value }) =>
      replaceByte(value, spaceByte, plusByte),
    );
    yield attempt('signed-encoded', 'as sent', ({ raw }) => raw);
    yield attempt('encoded-twice', 'signed before the first encoding', ({ value }) => decodeLoosely(value));
  }
}

function* omissionAttempts(loose: LooseRequest): Generator<Attempt> {
  const { payload, body } = loose;
  const parameters = parametersOf(loose);
  const query = parameters.filter(({ source }) => source === 'query');
  const unsignedHeaders = parameters.filter(({ source }) => source !== 'header');
  const omission = (code: SpiCauseCode, signed: Buffer, about = ''): Attempt => ({ code, about, signed });
  yield omission('body-not-signed', join(parameters, Buffer.alloc(0)));
  yield omission('signed-headers-ignored', join(unsignedHeaders, payload));
  yield omission('form-body-signed', join(parameters, body));
  yield omission('form-body-signed', join(query, body));
  yield omission(
    'form-not-signed',
    join(
      parameters.filter(({ source }) => source !== 'form'),
      payload,
    ),
  );
  const headers = (change: (parameter: LooseParameter) => Signed) =>
    join(
      parameters.map((parameter) => (parameter.source === 'header' ? change(parameter) : parameter)),
      payload,
    );
  const renamed = (parameter: LooseParameter, name: string): Signed => {
    return { ...parameter, name, nameBytes: Buffer.from(name, 'latin1') };
  };
  const asSent = headers((parameter) => ({ ...parameter, value: parameter.raw }));
  yield omission('signed-header-form', asSent, 'value not decoded');
  const lowerCase = headers((parameter) => renamed(parameter, parameter.name.toLowerCase()));
  yield omission('signed-header-form', lowerCase, 'name in lower case');
  const trimmed = headers((parameter) => renamed(parameter, parameter.name.trim()));
  yield omission('signed-header-form', trimmed, 'name trimmed');
  const filled = parameters.filter(({ value }) => value.length > 0);
  yield omission('empty-skipped', join(filled, payload));
  yield omission(
    'empty-skipped',
    join(
      filled.filter(({ value }) => Buffer.from(value).toString('latin1').trim() !== ''),
      payload,
    ),
  );
  yield omission(
    'raw-equals',
    join(
      parameters.filter(({ source, raw }) => source !== 'query' || !/=[^=]/.test(latin1(raw))).map(untail),
      payload,
    ),
  );
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/** A value of the query without its raw trailing `=`. */
function untail(parameter: LooseParameter): LooseParameter {
  if (parameter.source !== 'query') return parameter;
  let end = parameter.raw.length;
  while (end > 0 && parameter.raw[end - 1] === equalsByte) end--;
  return { ...parameter, value: decodeLoosely(parameter.raw.subarray(0, end)) };
}

function* bodyAttempts(loose: LooseRequest): Generator<Attempt> {
  const parameters = parametersOf(loose);
  const text = latin1(loose.payload);
  const body = (code: SpiCauseCode, about: string, altered: string): Attempt => {
    return { code, about, signed: join(parameters, Buffer.from(altered, 'latin1')) };
  };
  if (text !== '') {
    yield body('body-white-space', 'signed without white space at the end', text.trimEnd());
    yield body('body-white-space', 'signed without white space at both ends', text.trim());
    yield body('body-white-space', 'signed with a line break at the end', text + '\n');
    yield body('body-white-space', 'signed with CR LF at the end', text + '\r\n');
    yield body('body-white-space', 'signed with a space at the end', text + ' ');
    yield body('body-bom', '', text.replace(/^\xef\xbb\xbf/, ''));
    yield body('body-bom', '', '\xef\xbb\xbf' + text);
    yield body('body-line-ends', 'signed with LF', text.replaceAll('\r\n', '\n'));
    yield body('body-line-ends', 'signed with CR LF', text.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n'));
  }
  const trim = (bytes: Uint8Array) => Buffer.from(latin1(bytes).trim(), 'latin1');
  for (const scope of scopes) {
    yield { code: 'values-trimmed', about: '', signed: changed(loose, scope, ({ value }) => trim(value)) };
  }
}

function* methodAttempts(loose: LooseRequest): Generator<Attempt> {
  const parameters = parametersOf(loose);
  const filled = parameters.filter(({ value }) => value.length > 0);
  for (const signed of [join(parameters, loose.payload), join(filled, loose.payload)]) {
    yield { code: 'sign-method', about: 'HMAC-MD5', signed, hmac: 'md5' };
    yield { code: 'sign-method', about: 'HMAC-SHA256', signed, hmac: 'sha256' };
  }
}

/** Texts above this size are not written anew: it would take seconds. */
const styleLimit = 262_144;

function* styleAttempts(loose: LooseRequest): Generator<Attempt> {
  if (loose.body.length > styleLimit) return;
  const { charset, bodyKind } = loose;
  const styles = bodyKind === 'xml' ? xmlStyles : jsonStyles();
  const decoder = decoders[charset === 'utf-8' ? 'UTF-8' : 'GB18030'];
  for (const { name, write } of styles) {
    const anew = (bytes: Uint8Array) => encodeText(write(decoder.decode(bytes)), charset) ?? bytes;
    const signed = changed(loose, bodyScope, ({ value }) => anew(value), anew);
    yield { code: 'body-reserialised', about: name, signed };
  }
}

function* singleOmissions(loose: LooseRequest): Generator<Attempt> {
  const parameters = parametersOf(loose).slice(0, singleLimit);
  for (const left of parameters) {
    const others = parametersOf(loose).filter((parameter) => parameter !== left);
    yield { code: 'parameter-not-signed', about: nameForLog(left.name), signed: join(others, loose.payload) };
  }
}
