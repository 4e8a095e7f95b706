import { randomInt } from 'node:crypto';
import type { SpiRequest, SpiRequestOf, spiFamily } from '@cardwright/top';
import { composeCall, sampleOrder, secrets } from '../packages/server/test/gateway/house.ts';

export const makeMethod = 'alibaba.fundplatform.cardorder.make' satisfies keyof typeof spiFamily;
export const environment = 'online';

/** The product's configuration for measurements: one environment, and a clock that accepts requests composed earlier. */
export const gatewaySettings: Readonly<Record<string, string>> = {
  CARDWRIGHT_PORT: '0',
  CARDWRIGHT_ONLINE_APP_KEY: '12345678',
  CARDWRIGHT_ONLINE_APP_SECRETS: secrets.online,
  CARDWRIGHT_ONLINE_CLOCK_WINDOW_SECONDS: '86400',
};

/** A card order of `lines` lines with a receiver. Names of cards are Chinese, as the platform's are. */
export function orderOf(lines: number, cardOrderId: bigint): SpiRequestOf<typeof makeMethod> {
  const [line] = sampleOrder().card_product_infos;
  if (line === undefined) throw new Error('the sample order has no line');
  const card_product_infos = Array.from({ length: lines }, (_, index) => ({
    ...line,
    template_no: templateNo(index),
    count: BigInt(100 + index),
  }));
  return sampleOrder({ card_order_id: cardOrderId, own_sign: environment, card_product_infos });
}

export function templateNo(index: number): string {
  return `30100${String(index).padStart(4, '0')}E`;
}

/** The same as a signed form request in UTF-8. */
export function signedOrder(lines: number, cardOrderId: bigint): SpiRequest {
  return composeCall(makeMethod, orderOf(lines, cardOrderId), { secret: secrets.online });
}

/** Random, as wide as the peer's: neighbours would make the index's work lighter than it is. */
export function randomOrderId(): bigint {
  return BigInt(randomInt(1, 2 ** 47));
}

/** One HTTP/1.1 keep-alive request, as bytes ready to be written. */
export function httpBytes(request: SpiRequest): Buffer {
  const headers = Object.entries(request.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${String(value)}\r\n`],
  );
  const head = `${request.method} ${request.url} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${request.body.length}\r\n${headers.join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), request.body]);
}
