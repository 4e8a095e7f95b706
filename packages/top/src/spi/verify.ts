import { timingSafeEqual } from 'node:crypto';
import { encodeText } from '../wire/charset.ts';
import { type Canonical, canonicalise } from './canonical.ts';
import { spiDigest } from './digest.ts';
import { type Refused, refused, type SpiParts, type SpiRequest } from './request.ts';

export type SpiVerdict =
  | { readonly ok: true; readonly secretIndex: number; readonly parts: SpiParts }
  | Refused;

/**
 * Whether the platform signed this request (protocol §1), as its official Java checker decides, but over bytes and
 * with duplicate names, bad escapes and bytes that are not valid in the charset refused.
 *
 * A right signature is not yet a sound request: names and values are joined without separators, so that signed
 * requests can be split differently. Decode `parts` strictly, and nothing but `parts`.
 *
 * Never throws, whatever the request is. The digest under every secret is computed and compared in constant time.
 *
 * @param secrets the app secret, or the active ones during a rotation; `secretIndex` says which one matched
 */
export function verifySpi(request: SpiRequest, secrets: string | readonly string[]): SpiVerdict {
  const canonical = canonicalise(request);
  if (!canonical.ok) return canonical;
  if (canonical.presented === undefined) return refused('missing-sign');
  const usable = usableSecrets(secrets);
  if (usable === undefined) return refused('no-secret');
  const secretIndex = matchingSecret(canonical, canonical.presented, usable);
  return secretIndex < 0 ? refused('wrong-sign') : { ok: true, secretIndex, parts: canonical.parts };
}

/** An empty secret would let anybody sign, so a list with one is refused as a whole. */
function usableSecrets(secrets: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(secrets) ? secrets : [secrets];
  const usable = list.filter((secret): secret is string => typeof secret === 'string' && secret !== '');
  return usable.length === list.length && usable.length > 0 ? usable : undefined;
}

const signLength = 32;

/** The index of the first secret that matches, -1 if none; does the same work wherever the match is. */
function matchingSecret(canonical: Canonical, presented: Uint8Array, secrets: readonly string[]): number {
  // Zero bytes, which no hexadecimal digest equals, stand in for a sign that cannot be compared.
  const sign = presented.length === signLength ? presented : new Uint8Array(signLength);
  let match = -1;
  for (const [index, secret] of secrets.entries()) {
    // A secret that the charset cannot carry signs nothing.
    const bytes = encodeText(secret, canonical.parts.charset);
    const digest = Buffer.from(spiDigest(bytes ?? new Uint8Array(0), canonical.signed), 'latin1');
    const equal = timingSafeEqual(digest, sign);
    if (equal && bytes !== undefined && match < 0) match = index;
  }
  return match;
}
