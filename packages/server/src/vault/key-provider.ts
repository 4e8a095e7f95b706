import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
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
      if (!existedBefore && !existsSync(path)) createRing(path);
      existedBefore = true;
      return readRing(path);
    },
    version: () => {
      const file = statSync(path, { throwIfNoEntry: false });
      return file === undefined ? 'none' : `${file.ino} ${file.mtimeMs} ${file.size}`;
    },
    replace: async (ring) => {
      const next = `${path}.next`;
      rmSync(next, { force: true });
      writeNew(next, ring.format());
      renameSync(next, path);
      flushFolder(path);
    },
  };
}

function readRing(path: string): KeyRing {
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    throw new Error(
      `保险库密钥文件可被其他用户读取 · the vault key file ${path} is readable by others: run chmod 600 on it`,
    );
  }
  return KeyRing.parse(readFileSync(path, 'utf8'), path);
}

/** Where two processes start at once, one of them is first and both use its key. */
function createRing(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const own = `${path}.${randomBytes(6).toString('hex')}`;
  writeNew(own, KeyRing.generate().format());
  try {
    linkSync(own, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(own);
  }
  flushFolder(path);
}

function writeNew(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function flushFolder(path: string): void {
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
