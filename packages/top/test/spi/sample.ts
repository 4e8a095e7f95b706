/** Requests to vary in the tests of the SPI signature. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeSpi } from '../../src/spi/compose.ts';
import type { SpiRequest } from '../../src/spi/request.ts';
import { signSpi } from '../../src/spi/sign.ts';
import type { Charset } from '../../src/wire/charset.ts';

export const secret = 'helloworld';
export const order = {
  card_order_id: '16002',
  own_sign: 'daily',
  card_product_infos:
    '[{"template_no":"3010030E02","picture_url":"http://www.taobao.com/1.jpg","count":500,"par_value":"100","card_name":"猫超储值卡面额100"}]',
  logistics_info:
    '{"receiver_zip_code":"310000","receiver_address":"浙江省 文一西路969号 1+1","receiver_number":"15512345678","receiver_name":"张三"}',
} as const;
export const orderJson = `{"card_order_id":${order.card_order_id},"own_sign":"daily","card_product_infos":${order.card_product_infos},"logistics_info":${order.logistics_info}}`;
export const orderXml =
  '<?xml version="1.0"?>\n<request>\n <card_order_id>16002</card_order_id>\n <receiver_name>张三</receiver_name>\n</request>';

type Body = Parameters<typeof composeSpi>[0]['body'];
export const bodies: readonly Body[] = [
  { kind: 'form', fields: order },
  { kind: 'get', fields: order },
  { kind: 'multipart', fields: order },
  { kind: 'json', payload: orderJson },
  { kind: 'xml', payload: orderXml },
  { kind: 'text', payload: 'plain 文本' },
];

export interface Choices {
  readonly charset?: Charset;
  readonly system?: Readonly<Record<string, string>>;
  readonly signedHeaders?: Readonly<Record<string, string>>;
  readonly url?: string;
}
export function signedRequest(body: Body, choices: Choices = {}): SpiRequest {
  return composeSpi({
    url: '/spi/daily',
    method: 'alibaba.fundplatform.cardorder.make',
    appKey: '12345678',
    secret,
    timestamp: new Date('2026-01-02T03:04:05+08:00'),
    body,
    ...choices,
  });
}

/** A request whose sign belongs to `signed`, but which arrives as `sent`: what mistakes look like. */
export function signedAs(signed: SpiRequest, sent: SpiRequest, key = secret): SpiRequest {
  return withSign(sent, signSpi(signed, key));
}

/** The request with another `sign` in its query. */
export function withSign(request: SpiRequest, sign: string): SpiRequest {
  const url = request.url.replace(/[?&]sign=[^&]*/, '');
  return { ...request, url: `${url}${url.includes('?') ? '&' : '?'}sign=${sign}` };
}

export function withBody(request: SpiRequest, body: string | Uint8Array): SpiRequest {
  return { ...request, body: Buffer.from(body as string) };
}

export function withContentType(request: SpiRequest, contentType: string): SpiRequest {
  return { ...request, headers: { ...request.headers, 'Content-Type': contentType } };
}

export interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly secret: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly body_base64?: string;
  readonly expect_sign: string;
  readonly expect_valid: boolean;
}

/** The SPI vectors of the official Java checker; see vectors.md. */
export const spiVectors: readonly Vector[] = (
  JSON.parse(readFileSync(join(import.meta.dirname, '../vectors.json'), 'utf8')) as Vector[]
).filter(({ kind }) => kind.startsWith('spi-'));

export function requestOf({ method, url, headers, body, body_base64 }: Vector): SpiRequest {
  return {
    method,
    url,
    headers,
    body: Buffer.from(body_base64 ?? body ?? '', body_base64 ? 'base64' : 'utf8'),
  };
}
