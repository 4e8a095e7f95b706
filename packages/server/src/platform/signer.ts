import { constants, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError, type EnvironmentConfig, type QuerySigning } from '../config.ts';

/** Makes the `signture` of a query by card numbers from `pageSize==currentPage==cardNo1=cardNo2…`. */
export type Signer = (text: string) => string;

/** What the deprecated field takes where no key was agreed on. */
export const noSignature: Signer = () => 'test';

const leastModulusBits = 2048;

/** The signer of an environment's settings. Throws ConfigError that names the setting, never the key. */
export function signerOf({ name, querySigning }: EnvironmentConfig): Signer {
  const { keyFile, ...style } = querySigning;
  if (keyFile === undefined) return noSignature;
  const where = `environments.${name}.queryKeyFile ${keyFile}`;
  let pem: string;
  try {
    pem = readFileSync(keyFile, 'utf8');
  } catch (error) {
    throw new ConfigError(`${where}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    return rsaSigner(pem, style);
  } catch (error) {
    throw new ConfigError(`${where}: ${(error as Error).message}`);
  }
}

/** Signs with a PEM private key. Throws an Error without any part of the key where it is none of RSA with ≥ 2048 bits. */
export function rsaSigner(pem: string, style: Omit<QuerySigning, 'keyFile'>): Signer {
  const key = readKey(pem);
  const padding =
    style.padding === 'pss'
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : { padding: constants.RSA_PKCS1_PADDING };
  return (text) =>
    sign(style.digest, Buffer.from(text, 'utf8'), { key, ...padding }).toString(style.encoding);
}

function readKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    // OpenSSL's message may quote the text.
    throw new Error('this is not a private key in PEM without a passphrase');
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < leastModulusBits) {
    throw new Error(`an RSA key of at least ${leastModulusBits} bits is needed`);
  }
  return key;
}
