import { Encrypter } from 'age-encryption';
import { createMessage, encrypt, enums, type Key, type PublicKey, readKeys } from 'openpgp';
import { Refusal } from '../refusal.ts';

/** The public key of a press (印刷方公钥), checked to be usable. */
export interface PressKey {
  readonly kind: 'age' | 'openpgp';
  /** An age recipient is its own; of an OpenPGP key, the primary key's in upper-case hexadecimal. */
  readonly fingerprint: string;
  /** What a file for this key ends with. */
  readonly extension: '.age' | '.pgp';
  /** Encrypts a stream; the rest of it is read as the result is. */
  seal(plain: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>>;
}

/** A key is a few kilobytes; one with thousands of foreign signatures is no press's. */
const mostKeyBytes = 256 * 1024;

/**
 * Reads what a press sent: an age recipient (one line `age1…`, comments allowed) or one OpenPGP public key, armored or
 * binary. `date` is today, for the key's expiry and the message.
 *
 * Throws `perso-key-private` for a private key, `perso-key-unfit` for a key that is unreadable, revoked, expired, too weak
 * or made for signing only, and for more than one key. The key never appears in the message.
 */
export async function readPressKey(key: string | Uint8Array, date: Date): Promise<PressKey> {
  if (key.length > mostKeyBytes) throw unfit(`more than ${mostKeyBytes} bytes`);
  const text = typeof key === 'string' ? key : Buffer.from(key).toString('latin1');
  if (/AGE-SECRET-KEY|AGE-PLUGIN-|PRIVATE KEY/i.test(text))
    throw new Refusal('perso-key-private', 'nothing is encrypted');
  const lines = text.split('\n').map((line) => line.trim());
  const meant = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (meant[0]?.startsWith('age1')) return ageKey(meant);
  return openpgpKey(await readOpenpgp(key, text), date);
}

function ageKey(lines: readonly string[]): PressKey {
  const [recipient = ''] = lines;
  if (lines.length !== 1) throw unfit('more than one recipient');
  const encrypter = new Encrypter();
  try {
    encrypter.addRecipient(recipient);
  } catch {
    throw unfit('not a native age recipient, or mistyped');
  }
  return {
    kind: 'age',
    fingerprint: recipient,
    extension: '.age',
    seal: (plain) => encrypter.encrypt(plain),
  };
}

async function readOpenpgp(key: string | Uint8Array, text: string): Promise<Key> {
  const isArmored = text.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----');
  if (!isArmored && typeof key === 'string')
    throw unfit('neither an age recipient nor an OpenPGP public key');
  let keys: Key[];
  try {
    keys = isArmored
      ? await readKeys({ armoredKeys: text })
      : await readKeys({ binaryKeys: key as Uint8Array });
  } catch {
    throw unfit('not an OpenPGP key, damaged, or of an unknown kind');
  }
  const [only] = keys;
  if (only === undefined || keys.length > 1) throw unfit(`${keys.length} keys where one belongs`);
  if (only.isPrivate()) throw new Refusal('perso-key-private', 'nothing is encrypted');
  return only;
}

async function openpgpKey(key: PublicKey, date: Date): Promise<PressKey> {
  const fingerprint = key.getFingerprint().toUpperCase();
  if (await key.isRevoked(undefined, undefined, date)) throw unfit('revoked', fingerprint);
  const expires = await key.getExpirationTime().catch(() => null);
  if (expires instanceof Date && expires <= date) {
    throw unfit(`expired on ${expires.toISOString().slice(0, 10)}`, fingerprint);
  }
  try {
    await key.verifyPrimaryKey(date);
  } catch {
    throw unfit('its own signatures do not hold, or are too weak', fingerprint);
  }
  try {
    await key.getEncryptionKey(undefined, date);
  } catch {
    throw unfit('no part of it can encrypt now: for signing only, expired, revoked or too weak', fingerprint);
  }
  return {
    kind: 'openpgp',
    fingerprint,
    extension: '.pgp',
    seal: async (plain) =>
      (await encrypt({
        message: await createMessage({ binary: plain as never, date }),
        encryptionKeys: key,
        format: 'binary',
        date,
        config: openpgpConfig,
      })) as unknown as ReadableStream<Uint8Array>,
  };
}

/**
 * AES-256 with integrity protection always: AEAD (RFC 9580 §5.13.2) for keys that say they know it, else the older kind
 * (MDC) that every GnuPG reads. Not compressed: the length of a compressed file depends on its secrets.
 */
const openpgpConfig = {
  aeadProtect: true,
  preferredSymmetricAlgorithm: enums.symmetric.aes256,
  preferredCompressionAlgorithm: enums.compression.uncompressed,
  showVersion: false,
  showComment: false,
};

function unfit(detail: string, fingerprint?: string): Refusal {
  return new Refusal('perso-key-unfit', detail, fingerprint === undefined ? {} : { at: fingerprint });
}
