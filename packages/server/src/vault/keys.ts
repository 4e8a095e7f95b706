import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** The keys that everything else hangs on. `wrapping` seals data keys, `fingerprint` compares content blindly. */
export interface MasterKey {
  /** Names the key without revealing it; stored beside whatever it wrapped. */
  readonly keyId: string;
  readonly wrapping: Buffer;
  readonly fingerprint: Buffer;
}

export type KeySource =
  | { kind: 'environment'; base64: string; setting: string }
  | { kind: 'file'; path: string };

/** Loads the master key, or makes a new one where the file does not exist yet (mode 0600, flushed to disk). */
export function loadMasterKey(source: KeySource): MasterKey {
  return deriveMasterKey(
    source.kind === 'environment' ? decodeKey(source.base64, source.setting) : readKeyFile(source.path),
  );
}

function readKeyFile(path: string): Buffer {
  if (!existsSync(path)) return createKeyFile(path);
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    throw new Error(
      `保险库密钥文件可被其他用户读取 · the vault key file ${path} is readable by others: run chmod 600 on it`,
    );
  }
  return decodeKey(readFileSync(path, 'utf8'), path);
}

function createKeyFile(path: string): Buffer {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const key = randomBytes(32);
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, `${key.toString('base64')}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
  return key;
}

function decodeKey(text: string, setting: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== 32)
    throw new Error(`保险库密钥无效 · ${setting} must hold 32 bytes in base64, it holds ${key.length}`);
  return key;
}

function deriveMasterKey(root: Buffer): MasterKey {
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', root, '', `cardwright ${purpose}`, 32));
  return {
    keyId: createHmac('sha256', root).update('cardwright key id').digest('hex').slice(0, 16),
    wrapping: derive('wrapping'),
    fingerprint: derive('fingerprint'),
  };
}
