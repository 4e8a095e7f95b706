import { existsSync, statSync } from 'node:fs';
import { makeSecretFile, readSecretFile, replaceSecretFile } from '../secret-file.ts';
import { KeyRing } from './key-ring.ts';

/**
 * Where the master keys come from. A key management service (KMS) fits in as an envelope around the ring: `load` lets
 * the service decrypt the text of `KeyRing.format`, once a start and once a rotation, so that the intake of orders
 * never waits for a network.
 */
export interface MasterKeyProvider {
  load(): Promise<KeyRing>;
  /** Changes whenever the ring may have changed; cheap, asked about once a second. Undefined: never changes by itself. */
  version?(): string;
  /** Puts another ring in place, durably and all at once. Undefined where only a person can: rotation says so. */
  replace?(ring: KeyRing): Promise<void>;
}

export type KeySource =
  | { kind: 'environment'; base64: string; setting: string }
  | { kind: 'file'; path: string };

/** Keys from the environment, or from a file (mode 0600), which is made with a new key where there is none. */
export function keyProvider(source: KeySource): MasterKeyProvider {
  if (source.kind === 'environment')
    return { load: async () => KeyRing.parse(source.base64, source.setting) };
  const { path } = source;
  let existedBefore = false;
  return {
    load: async () => {
      // A file that disappears from a running product is not to be replaced by another key.
      if (!existedBefore && !existsSync(path)) makeSecretFile(path, KeyRing.generate().format());
      existedBefore = true;
      return KeyRing.parse(readSecretFile(path, { zh: '保险库密钥文件', en: 'the vault key file' }), path);
    },
    version: () => {
      const file = statSync(path, { throwIfNoEntry: false });
      return file === undefined ? 'none' : `${file.ino} ${file.mtimeMs} ${file.size}`;
    },
    replace: async (ring) => replaceSecretFile(path, ring.format()),
  };
}
