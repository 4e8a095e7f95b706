/** Writing what the gateway answers (protocol §2), for sandboxes and tests. Always with HTTP status 200. */
import type { WireAnswer } from '../family/spi-answer.ts';
import type { AnswerFormat } from '../family/spi-request.ts';
import { type Dialect, encodeJson, encodeXmlFields, publishedDialect } from '../schema/encode.ts';
import type { Infer, StructSchema } from '../schema/schema.ts';
import { escapeXmlText } from '../xml/read-xml.ts';
import { gatewayErrors } from './errors.ts';
import { envelopeName } from './reply.ts';

export interface ApiAnswerStyle {
  readonly format: AnswerFormat;
  /** JSON only: no envelope, lists unwrapped. */
  readonly simplify?: boolean;
  readonly requestId: string;
  /** Spelling of names and booleans; lists follow `simplify`. */
  readonly dialect?: Omit<Dialect, 'lists'>;
  /** Appended as an XML comment, the way gateways name the host that answered. */
  readonly comment?: string;
}

/** The refusal of a call: the content of an `error_response`. */
export interface ApiRefusal {
  readonly code: number;
  readonly msg: string;
  readonly subCode?: string;
  readonly subMsg?: string;
}

/** A refusal with one of the published codes and the text that belongs to it. */
export function apiRefusal(code: number, subCode?: string, subMsg?: string): ApiRefusal {
  return {
    code,
    msg: gatewayErrors.get(code)?.msg ?? 'Remote Service Error',
    ...(subCode === undefined ? {} : { subCode }),
    ...(subMsg === undefined ? {} : { subMsg }),
  };
}

/** Writes the answer of a method: `{"alibaba_…_response":{…,"request_id":"…"}}`, its XML form, or simplified. */
export function writeApiAnswer<S extends StructSchema>(
  method: string,
  schema: S,
  value: Infer<S>,
  style: ApiAnswerStyle,
): WireAnswer {
  const spelling = style.dialect ?? publishedDialect;
  const name = envelopeName(method);
  if (style.format === 'xml') {
    const fields = encodeXmlFields(schema, value, { ...spelling, lists: 'plain' });
    return xmlAnswer(name, `${fields}${xmlField('request_id', style.requestId)}`, style);
  }
  const simplify = style.simplify === true;
  const json = encodeJson(schema, value, { ...spelling, lists: simplify ? 'plain' : 'wrapped' });
  const members = json.slice(1, -1);
  const content = `{${members}${members === '' ? '' : ','}"request_id":${JSON.stringify(style.requestId)}}`;
  return jsonAnswer(simplify ? content : `{${JSON.stringify(name)}:${content}}`, style);
}

/** Writes an `error_response`; `simplify` makes no difference to it. */
export function writeApiError(
  refusal: ApiRefusal,
  style: Pick<ApiAnswerStyle, 'format' | 'requestId' | 'comment'>,
): WireAnswer {
  const fields: readonly (readonly [string, string | number | undefined])[] = [
    ['code', refusal.code],
    ['msg', refusal.msg],
    ['sub_code', refusal.subCode],
    ['sub_msg', refusal.subMsg],
    ['request_id', style.requestId],
  ];
  const given = fields.filter(([, value]) => value !== undefined);
  if (style.format === 'xml') {
    return xmlAnswer('error_response', given.map(([name, value]) => xmlField(name, value)).join(''), style);
  }
  return jsonAnswer(JSON.stringify({ error_response: Object.fromEntries(given) }), style);
}

function xmlField(name: string, value: string | number | undefined): string {
  return `<${name}>${escapeXmlText(String(value))}</${name}>`;
}

function xmlAnswer(root: string, content: string, style: { readonly comment?: string }): WireAnswer {
  const text = `<?xml version="1.0" encoding="utf-8" ?><${root}>${content}</${root}>${comment(style)}`;
  return { contentType: 'text/xml;charset=UTF-8', body: Buffer.from(text, 'utf8') };
}

function jsonAnswer(json: string, style: { readonly comment?: string }): WireAnswer {
  return {
    contentType: 'text/javascript;charset=UTF-8',
    body: Buffer.from(json + comment(style), 'utf8'),
  };
}

function comment(style: { readonly comment?: string }): string {
  return style.comment === undefined ? '' : `<!--${style.comment.replace(/[^0-9A-Za-z._]/g, '')}-->`;
}
