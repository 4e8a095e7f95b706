import { encodeText } from '../wire/charset.ts';
import { canonicalise } from './canonical.ts';
import { spiDigest } from './digest.ts';
import { type SpiRequest, spiRefusals } from './request.ts';

/**
 * The `sign` that belongs into the query of this request, as the platform computes it: 32 upper-case hexadecimal
 * digits. A `sign` that the query already has is left out of the digest.
 *
 * @throws TypeError if the request cannot be signed so that `verifySpi` would accept it; the message begins with the
 *   code of the refusal
 */
export function signSpi(request: SpiRequest, secret: string): string {
  const canonical = canonicalise(request);
  if (!canonical.ok) throw new TypeError(`${canonical.reason}: ${canonical.detail}`);
  if (canonical.misplacedSign) {
    throw new TypeError(
      `duplicate-parameter: ${spiRefusals['duplicate-parameter']}: "sign" outside the query`,
    );
  }
  const bytes = secret === '' ? undefined : encodeText(secret, canonical.parts.charset);
  if (bytes === undefined) throw new TypeError(`no-secret: ${spiRefusals['no-secret']}`);
  return spiDigest(bytes, canonical.signed);
}
