/** Reading what the gateway answers (protocol §2): JSON or XML, enveloped or simplified, answer or error. */
import { JsonNumber, type JsonValue, readJson } from '../json/read-json.ts';
import { decodeJsonValue, decodeXmlElement } from '../schema/decode.ts';
import type { Decoded, Infer, Issue, Schema } from '../schema/schema.ts';
import { decodeBytes, parseCharset } from '../wire/charset.ts';
import { readParameters, splitOutsideQuotes } from '../wire/content-type.ts';
import { readXml, type XmlElement } from '../xml/read-xml.ts';
import type { GatewayErrorFields } from './errors.ts';

/** The content of an answer, without its envelope. */
export type ReplyContent =
  | { readonly from: 'json'; readonly value: JsonValue }
  | { readonly from: 'xml'; readonly element: XmlElement };
export type Reply =
  | { readonly kind: 'answer'; readonly content: ReplyContent; readonly requestId: string | undefined }
  | { readonly kind: 'error'; readonly error: GatewayErrorFields }
  | { readonly kind: 'malformed'; readonly issue: Issue };

/** The name around an answer: dots become underscores, a leading `taobao.` is dropped. */
export function envelopeName(method: string): string {
  return `${method.replace(/^taobao\./, '').replaceAll('.', '_')}_response`;
}

/**
 * Reads an answer's bytes. Whether it is JSON or XML is told by its first character, since gateways answer JSON as
 * text/javascript and even text/html. `simplify`: the caller asked for answers without envelope.
 */
export function readReply(
  method: string,
  body: Uint8Array,
  contentType: string | undefined,
  simplify: boolean,
): Reply {
  const text = decodeText(body, contentType);
  if (text === undefined) return malformed('text in the charset that the answer names', 'other bytes');
  const trimmed = text.replace(/^\ufeff/, '').trim();
  if (trimmed === '') return malformed('an answer', 'nothing');
  return trimmed.startsWith('<') ? readXmlReply(method, trimmed) : readJsonReply(method, trimmed, simplify);
}

function malformed(expected: string, found: string): Reply {
  return { kind: 'malformed', issue: { path: '', expected, found } };
}

function decodeText(body: Uint8Array, contentType: string | undefined): string | undefined {
  const parameters = readParameters(splitOutsideQuotes(contentType ?? '').slice(1));
  const charset = parseCharset(parameters?.get('charset'));
  return charset === undefined ? undefined : decodeBytes(body, charset);
}

function readXmlReply(method: string, text: string): Reply {
  const reading = readXml(text);
  if (!reading.ok) return malformed('an XML document', reading.problem);
  const { root } = reading;
  const read = (name: string): string | undefined => root.children.find((child) => child.name === name)?.text;
  if (root.name === 'error_response') return { kind: 'error', error: errorFields(read) };
  if (root.name !== envelopeName(method))
    return malformed(`<${envelopeName(method)}>`, 'another root element');
  return {
    kind: 'answer',
    content: { from: 'xml', element: root },
    requestId: tidyText(read('request_id')),
  };
}

function readJsonReply(method: string, text: string, simplify: boolean): Reply {
  const reading = readJson(withoutTrailingComments(text));
  if (!reading.ok) return malformed('JSON', `${reading.problem} (at ${reading.offset})`);
  const top = reading.value;
  if (!(top instanceof Map)) return malformed('an object', 'another JSON value');
  const error = top.get('error_response');
  if (error instanceof Map) {
    return { kind: 'error', error: errorFields((name) => scalarText(error.get(name))) };
  }
  const value = top.get(envelopeName(method)) ?? (simplify ? top : undefined);
  if (!(value instanceof Map)) return malformed(`${envelopeName(method)} or error_response`, 'neither');
  const requestId = tidyText(scalarText(value.get('request_id')));
  return { kind: 'answer', content: { from: 'json', value }, requestId };
}

/** Gateways mark answers with the host that made them: `{…}<!--top011.na61-->`. */
function withoutTrailingComments(text: string): string {
  let rest = text;
  while (rest.endsWith('-->')) {
    const start = rest.lastIndexOf('<!--');
    if (start < 0) return rest;
    rest = rest.slice(0, start).trimEnd();
  }
  return rest;
}

function scalarText(value: JsonValue | undefined): string | undefined {
  if (value instanceof JsonNumber) return value.source;
  return typeof value === 'string' ? value : undefined;
}

function errorFields(read: (name: string) => string | undefined): GatewayErrorFields {
  const code = read('code')?.trim() ?? '';
  // A code that is no number can only be a sub code in the wrong place.
  const isNumber = /^\d{1,9}$/.test(code);
  const fields = {
    msg: tidyText(read('msg')),
    subCode: tidyText(read('sub_code')) ?? (isNumber ? undefined : tidyText(code)),
    subMsg: tidyText(read('sub_msg')),
    requestId: tidyText(read('request_id')),
  };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { ...(isNumber ? { code: Number(code) } : {}), ...Object.fromEntries(given) };
}

const maxTextLength = 500;

/** Foreign text on its way to logs: one line, bounded. Undefined if there is none. */
function tidyText(text: string | undefined): string | undefined {
  const tidy = (text ?? '')
    .slice(0, maxTextLength)
    .toWellFormed()
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .trim();
  return tidy === '' ? undefined : tidy;
}

/** Decodes an answer's content by its schema. */
export function decodeReply<S extends Schema>(schema: S, content: ReplyContent): Decoded<Infer<S>> {
  return content.from === 'json'
    ? decodeJsonValue(schema, content.value)
    : decodeXmlElement(schema, content.element);
}

/**
 * An answer that no schema describes. Integers are bigint; a number with a fraction or an exponent is its own text,
 * so that nothing is rounded. Objects have no prototype.
 */
export type ApiValue =
  | null
  | boolean
  | string
  | bigint
  | readonly ApiValue[]
  | { readonly [name: string]: ApiValue };
export type ApiObject = { readonly [name: string]: ApiValue };

/** Longer digits take quadratic time to convert and mean nothing here. */
const integerPattern = /^-?\d{1,64}$/;

/** The plain value of JSON that was read losslessly. */
export function toApiValue(value: JsonValue): ApiValue {
  if (value instanceof JsonNumber)
    return integerPattern.test(value.source) ? BigInt(value.source) : value.source;
  if (value instanceof Map) return toApiObject(value);
  if (isJsonList(value)) return value.map(toApiValue);
  return value as null | boolean | string;
}

export function toApiObject(value: ReadonlyMap<string, JsonValue>): ApiObject {
  const object: Record<string, ApiValue> = Object.create(null);
  for (const [name, member] of value) object[name] = toApiValue(member);
  return object;
}

function isJsonList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
