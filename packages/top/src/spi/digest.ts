import { createHash, hash } from 'node:crypto';

/** From this size on, copying the bytes costs more than the further calls of an incremental digest. */
const copyLimit = 16_384;

/**
 * The SPI digest (protocol §1): MD5 of secret + signed bytes + secret in upper-case hexadecimal, whatever the
 * request's `sign_method` says.
 */
export function spiDigest(secret: Uint8Array, signed: Uint8Array): string {
  const digest =
    signed.length <= copyLimit
      ? hash('md5', Buffer.concat([secret, signed, secret]))
      : createHash('md5').update(secret).update(signed).update(secret).digest('hex');
  return digest.toUpperCase();
}
