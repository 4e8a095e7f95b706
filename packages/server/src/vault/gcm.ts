import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';

export const dataKeyBytes = 32;
export const nonceBytes = 12;
export const tagBytes = 16;

/** AES-256-GCM: ciphertext, then tag. A nonce must never meet the same key twice. */
export function encrypt(key: KeyObject, nonce: Buffer, associated: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(associated);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what `encrypt` made; undefined whatever the cause. */
export function decrypt(
  key: KeyObject,
  nonce: Buffer,
  associated: Buffer,
  sealed: Buffer,
): Buffer | undefined {
  if (nonce.length !== nonceBytes || sealed.length < tagBytes) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Associated data of these parts, length-prefixed, so that no two lists give the same bytes. */
export function binding(...parts: readonly (string | number | bigint)[]): Buffer {
  const texts = parts.map(String);
  return Buffer.from(texts.map((text) => `${Buffer.byteLength(text)}:${text}`).join(''), 'utf8');
}
