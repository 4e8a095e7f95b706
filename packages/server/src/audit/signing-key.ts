import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { makeSecretFile, readSecretFile } from '../secret-file.ts';

/** Signs what must be provable outside this house: checkpoints of the audit log, certificates of shredding. */
export interface Signer {
  readonly keyId: string;
  readonly publicKey: KeyObject;
  /** Ed25519 over the UTF-8 text. */
  sign(text: string): { readonly keyId: string; readonly signature: Buffer };
}

export type SigningKeySource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment'; readonly base64: string; readonly setting: string };

/**
 * Loads the signing key: a PKCS #8 PEM file (made where there is none: mode 0600, flushed to disk, with the public key
 * beside it as `….pub.pem`), or 32 bytes in base64 from the environment.
 * @throws Error for people, without any part of the key.
 */
export function loadSigner(source: SigningKeySource): Signer {
  const privateKey =
    source.kind === 'file' ? keyOfFile(source.path) : keyOfSeed(source.base64, source.setting);
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new Error('审计签名密钥无效 · the audit key must be an Ed25519 key');
  const publicKey = createPublicKey(privateKey);
  const keyId = keyIdOf(publicKey);
  return {
    keyId,
    publicKey,
    sign: (text) => ({ keyId, signature: sign(null, Buffer.from(text, 'utf8'), privateKey) }),
  };
}

/**
 * Reads public keys in PEM, one or several in a file, by key id; none where there is no such file.
 * @throws Error for people where the file holds something else.
 */
export function readPublicKeys(path: string): Map<string, KeyObject> {
  const blocks = readText(path).match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  return publicKeysByIds(blocks, path);
}

/** As `readPublicKeys`, of PEM blocks from `source`. */
export function publicKeysByIds(blocks: readonly string[], source: string): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const block of blocks) {
    const key = publicKeyOf(block);
    if (key?.asymmetricKeyType !== 'ed25519')
      throw new Error(`公钥无效 · ${source} holds a public key that is not Ed25519`);
    keys.set(keyIdOf(key), key);
  }
  return keys;
}

function publicKeyOf(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}

/** Adds a public key to a file of such keys unless it is there; checkpoints outlive the key that signed them. */
export function keepPublicKey(path: string, key: KeyObject): void {
  if (readPublicKeys(path).has(keyIdOf(key))) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(path, 'a', 0o644);
  try {
    writeSync(file, publicPem(key));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export const publicPem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** The first 16 hex digits of the SHA-256 of the public key (SPKI, DER). */
export function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

function keyOfFile(path: string): KeyObject {
  if (!existsSync(path)) makeKeyFile(path);
  const pem = readSecretFile(path, { zh: '审计签名密钥', en: 'the audit key' });
  try {
    return createPrivateKey(pem);
  } catch {
    throw new Error(`审计签名密钥无效 · ${path} holds no private key in PEM`);
  }
}

function makeKeyFile(path: string): void {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  if (makeSecretFile(path, pem)) writeFileSync(publicKeyPath(path), publicPem(publicKey));
}

/** Where the public key lies. */
export const publicKeyPath = (path: string): string => `${path.replace(/\.key$/, '')}.pub.pem`;

/** PKCS #8 of an Ed25519 seed (RFC 8410, section 7) but for the 32 bytes themselves. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

function keyOfSeed(base64: string, setting: string): KeyObject {
  const seed = Buffer.from(base64.trim(), 'base64');
  if (seed.length !== 32)
    throw new Error(`审计签名密钥无效 · ${setting} must hold 32 bytes in base64, it holds ${seed.length}`);
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' });
}
