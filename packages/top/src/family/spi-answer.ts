import type { JsonValue } from '../json/read-json.ts';
import { readJson } from '../json/read-json.ts';
import { decodeJsonValue, decodeXmlElement } from '../schema/decode.ts';
import { type Dialect, encodeJson, encodeXmlFields, publishedDialect } from '../schema/encode.ts';
import type { Decoded } from '../schema/schema.ts';
import type { SpiRequest } from '../spi/request.ts';
import { type Charset, decodeBytes, encodeText } from '../wire/charset.ts';
import { parseContentType } from '../wire/content-type.ts';
import { readXml, type XmlElement } from '../xml/read-xml.ts';
import { isSpiMethod, type SpiAnswerOf, type SpiMethod, spiFamily } from './spi.ts';
import type { AnswerFormat } from './spi-request.ts';

/** An answer as it goes over the wire, always with HTTP status 200. */
export interface WireAnswer {
  readonly contentType: string;
  readonly body: Buffer;
}

export interface AnswerStyle {
  readonly format: AnswerFormat;
  readonly charset: Charset;
  readonly dialect?: Dialect;
}

const charsetLabels: Readonly<Record<Charset, string>> = {
  'utf-8': 'UTF-8',
  gbk: 'GBK',
  gb2312: 'GB2312',
  gb18030: 'GB18030',
};

/** Writes an SPI answer: bare, non-ASCII raw, in the request's charset; `<response>` is the root in XML. */
export function writeSpiAnswer<M extends SpiMethod>(
  method: M,
  answer: SpiAnswerOf<M>,
  style: AnswerStyle,
): WireAnswer {
  const schema = spiFamily[method].answer;
  const dialect = style.dialect ?? publishedDialect;
  return style.format === 'json'
    ? encode(encodeJson(schema, answer as never, dialect), 'application/json', style.charset)
    : encode(
        xmlDocument(encodeXmlFields(schema, answer as never, dialect), 'response' in answer),
        'text/xml',
        style.charset,
      );
}

function xmlDocument(fields: string, hasResponseRoot: boolean): string {
  return hasResponseRoot ? fields : `<response>${fields}</response>`;
}

/** A character that the request's charset cannot carry becomes `?`: the answer's codes are ASCII in any case. */
function encode(text: string, mediaType: string, charset: Charset): WireAnswer {
  const body =
    encodeText(text, charset) ?? encodeText(text.replace(/[^\x20-\x7e]/g, '?'), charset) ?? Buffer.from('');
  return { contentType: `${mediaType};charset=${charsetLabels[charset]}`, body };
}

/** The failure answer of an interface, or of any unknown method (then flat). */
export function writeSpiFailure(
  method: string | undefined,
  failure: { code: string; message: string },
  style: AnswerStyle,
): WireAnswer {
  const outcome = { result_message: failure.message, result_code: failure.code, success: false };
  switch (method) {
    case 'alibaba.fundplatform.cardorder.make':
      return writeSpiAnswer(method, { response: { making_card_no: '', ...outcome } }, style);
    case 'alibaba.fundplatform.cardorder.status.query':
      return writeSpiAnswer(
        method,
        { response: { status: '', ...outcome, logistics_company: '', logistics_order_id: '' } },
        style,
      );
    default:
      return writeSpiAnswer('alibaba.fundplatform.cardorder.receipt', outcome, style);
  }
}

/** Method, format and charset of a request that was not verified: enough to answer it in its own shape. */
export function peekSpi(request: SpiRequest): {
  method: SpiMethod | undefined;
  format: AnswerFormat;
  charset: Charset;
} {
  const question = request.url.indexOf('?');
  const query = new URLSearchParams(question < 0 ? '' : request.url.slice(question + 1));
  const method = query.get('method') ?? '';
  const header = request.headers['content-type'] ?? request.headers['Content-Type'];
  const contentType = parseContentType(typeof header === 'string' ? header : undefined);
  const format = query.get('format');
  return {
    method: isSpiMethod(method) ? method : undefined,
    format: format === 'json' || format === 'xml' ? format : contentType?.kind === 'xml' ? 'xml' : 'json',
    charset: contentType?.charset ?? 'utf-8',
  };
}

/** Reads a maker's answer in any dialect: snake or camel names, booleans as such or as text, JSON or XML. */
export function readSpiAnswer<M extends SpiMethod>(
  method: M,
  body: Uint8Array,
  charset: Charset = 'utf-8',
): Decoded<SpiAnswerOf<M>> {
  const wrong = (found: string): Decoded<never> => ({
    ok: false,
    issue: { path: '', expected: 'an SPI answer', found },
  });
  const text = decodeBytes(body, charset);
  if (text === undefined) return wrong(`bytes that are not ${charset}`);
  const schema = spiFamily[method].answer;
  const wrapped = 'response' in schema.fields;
  if (/^\s*</.test(text)) {
    const reading = readXml(text);
    if (!reading.ok) return wrong(reading.problem);
    const root = snakeElement(reading.root);
    return decodeXmlElement(schema, wrapped ? { name: '', children: [root], text: '' } : root) as Decoded<
      SpiAnswerOf<M>
    >;
  }
  const reading = readJson(text);
  if (!reading.ok) return wrong(reading.problem);
  return decodeJsonValue(schema, snakeValue(reading.value)) as Decoded<SpiAnswerOf<M>>;
}

function snakeName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function snakeElement(element: XmlElement): XmlElement {
  return { name: snakeName(element.name), children: element.children.map(snakeElement), text: element.text };
}

function snakeValue(value: JsonValue): JsonValue {
  if (!(value instanceof Map)) return value;
  return new Map([...value].map(([name, member]) => [snakeName(name), snakeValue(member)]));
}
