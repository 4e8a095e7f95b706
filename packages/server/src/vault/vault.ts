import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { MasterKey } from './keys.ts';

/** Where a sealed value lives. A ciphertext moved to another place does not open. */
export interface SealedPlace {
  readonly environment: string;
  readonly cardOrderId: bigint;
  readonly column: 'receiver';
}

/** What is stored: the data key of this order, wrapped, and the value under it. */
export interface SealedValue {
  readonly keyId: string;
  readonly wrappedKey: Buffer;
  readonly sealed: Buffer;
}

const schemaVersion = 1;
const dataKeyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** Envelope encryption: a random data key for each order and class, AES-256-GCM, bound to its place. See INVARIANTS.md. */
export class Vault {
  readonly #master: { keyId: string; wrapping: KeyObject; fingerprint: KeyObject };

  constructor({ keyId, wrapping, fingerprint }: MasterKey) {
    this.#master = { keyId, wrapping: createSecretKey(wrapping), fingerprint: createSecretKey(fingerprint) };
  }

  get keyId(): string {
    return this.#master.keyId;
  }

  /** Keyed fingerprint (HMAC-SHA-256): equal content gives equal bytes, and nobody without the key can guess content. */
  fingerprint(content: string): Buffer {
    return createHmac('sha256', this.#master.fingerprint).update(content).digest();
  }

  seal(place: SealedPlace, plain: string): SealedValue {
    // One draw for the data key and both nonces: each draw costs as much as the bytes.
    const random = randomBytes(dataKeyBytes + 2 * nonceBytes);
    const dataKey = random.subarray(0, dataKeyBytes);
    const valueNonce = random.subarray(dataKeyBytes, dataKeyBytes + nonceBytes);
    const keyNonce = random.subarray(dataKeyBytes + nonceBytes);
    const { keyId, wrapping } = this.#master;
    const plainBytes = Buffer.from(plain, 'utf8');
    const sealed = encrypt(createSecretKey(dataKey), valueNonce, binding('value', keyId, place), plainBytes);
    const wrappedKey = encrypt(wrapping, keyNonce, binding('data key', keyId, place), dataKey);
    dataKey.fill(0);
    return { keyId, wrappedKey, sealed };
  }

  /** Opens a sealed value; undefined whatever the cause (other key, other place, changed bytes): failures look alike. */
  open(place: SealedPlace, value: SealedValue): string | undefined {
    const { keyId } = this.#master;
    if (value.keyId !== keyId) return undefined;
    const dataKey = decrypt(this.#master.wrapping, binding('data key', keyId, place), value.wrappedKey);
    if (dataKey === undefined) return undefined;
    return decrypt(dataKey, binding('value', keyId, place), value.sealed)?.toString('utf8');
  }
}

/** Length-prefixed, so that no two places give the same bytes. */
function binding(what: string, keyId: string, place: SealedPlace): Buffer {
  const parts = [
    String(schemaVersion),
    what,
    keyId,
    place.environment,
    String(place.cardOrderId),
    place.column,
  ];
  return Buffer.from(parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join(''), 'utf8');
}

function encrypt(key: KeyObject, nonce: Buffer, associated: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(associated);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer | KeyObject, associated: Buffer, sealed: Buffer): Buffer | undefined {
  if (sealed.length < nonceBytes + tagBytes) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  try {
    return Buffer.concat([
      decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes)),
      decipher.final(),
    ]);
  } catch {
    return undefined;
  }
}
