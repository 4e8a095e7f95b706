import { createHmac } from 'node:crypto';

/** Crockford's base 32: no I, L, O and U, which cameras and people mistake for others. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
export const leastMatchSecretBytes = 16;

/**
 * The match key (匹配码) of a text: the first characters, 5 bits each, of its HMAC-SHA-256 under the secret that the line's
 * camera shares. It is made from columns that are not secret, so it cannot reveal one; the key keeps whoever sees it from
 * finding the card number by trying them all.
 */
export function matchKey(secret: Uint8Array, text: string, characters: number): string {
  const digest = createHmac('sha256', secret).update(text, 'utf8').digest();
  let key = '';
  for (let i = 0; i < characters; i++) {
    const bit = i * 5;
    const pair = ((digest[bit >> 3] as number) << 8) | (digest[(bit >> 3) + 1] as number);
    key += alphabet[(pair >> (11 - (bit & 7))) & 31];
  }
  return key;
}
