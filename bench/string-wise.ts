import { createHash } from 'node:crypto';
import type { SpiRequest } from '@cardwright/top';
import type { Vault } from '../packages/server/src/vault/vault.ts';

interface WireLine {
  readonly template_no: string;
  readonly count: number;
  readonly par_value: number;
  readonly card_name: string;
  readonly picture_url?: string;
}

/**
 * The intake of one form order as it is straightforwardly written, over strings, in the manner of the platform's own
 * Node checker: the peer for the CPU. It stores and seals the same things with the same vault, but checks no types,
 * no duplicates, no clock, and rounds large integers.
 */
export function takeInStringWise(request: SpiRequest, secret: string, vault: Vault): string {
  const query = new URLSearchParams(request.url.slice(request.url.indexOf('?') + 1));
  const form = new URLSearchParams(Buffer.from(request.body).toString('utf8'));
  const params: Record<string, string> = { ...Object.fromEntries(query), ...Object.fromEntries(form) };
  const signed = Object.keys(params)
    .filter((name) => name !== 'sign')
    .sort()
    .map((name) => name + params[name])
    .join('');
  const digest = createHash('md5')
    .update(secret + signed + secret, 'utf8')
    .digest('hex')
    .toUpperCase();
  if (digest !== params['sign']) throw new Error('the signature is wrong');
  const order = {
    id: params['card_order_id'] ?? '',
    environment: params['own_sign'] ?? '',
    lines: JSON.parse(params['card_product_infos'] ?? '') as WireLine[],
    receiver: JSON.parse(params['logistics_info'] ?? '') as Record<string, string>,
  };
  const lines = JSON.stringify(
    order.lines.map((line) => ({
      templateNo: line.template_no,
      count: String(line.count),
      parValueFen: String(line.par_value),
      cardName: line.card_name,
      pictureUrl: line.picture_url,
    })),
  );
  const receiver = JSON.stringify(order.receiver);
  const place = {
    environment: order.environment,
    cardOrderId: BigInt(order.id),
    column: 'receiver',
  } as const;
  const sealed = vault.seal(place, receiver);
  const fingerprint = vault.fingerprint(`${lines}\n${receiver}`);
  if (sealed.sealed.length === 0 || fingerprint.length !== 32) throw new Error('nothing was sealed');
  return JSON.stringify({
    response: { making_card_no: `CWN${order.id}`, result_message: '', result_code: '', success: true },
  });
}
