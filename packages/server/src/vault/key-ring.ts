import { createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';

/** A master key: it wraps data keys and nothing else. */
export interface MasterKey {
  /** Names the key without revealing it; stored beside whatever it wrapped. */
  readonly keyId: string;
  readonly wrapping: KeyObject;
}

const rootBytes = 32;

/**
 * The master keys of a house: one is current and wraps what is new, the others still unwrap. The mac root, from which
 * all fingerprints and blind indexes come, stays the same through all rotations: duplicates are known for ever.
 */
export class KeyRing {
  /** The oldest first, the current last. */
  readonly #keys: readonly (MasterKey & { readonly root: Buffer })[];
  readonly macRoot: Buffer;

  private constructor(roots: readonly Buffer[], macRoot: Buffer) {
    this.#keys = roots.map((root) => ({
      root,
      keyId: createHmac('sha256', root).update('cardwright key id').digest('hex').slice(0, 16),
      wrapping: createSecretKey(derive(root, 'wrapping')),
    }));
    this.macRoot = macRoot;
  }

  static generate(): KeyRing {
    const root = randomBytes(rootBytes);
    return new KeyRing([root], derive(root, 'fingerprint'));
  }

  /**
   * Reads a ring: lines (or parts with commas between) `[keyId] base64`, the oldest first, and `mac base64`. A single
   * key may stand without the mac line: then the mac root comes from it.
   * @throws Error with the setting's name, never with a key, where the text is no ring.
   */
  static parse(text: string, setting: string): KeyRing {
    const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
    const entries = lines.flatMap((line) => line.split(',')).filter((entry) => entry.trim() !== '');
    const roots: Buffer[] = [];
    const names: (string | undefined)[] = [];
    let macRoot: Buffer | undefined;
    for (const entry of entries) {
      const words = entry.trim().split(/\s+/);
      const key = decodeKey(words.at(-1) ?? '', setting);
      if (words[0] === 'mac' && words.length === 2) macRoot = key;
      else {
        names.push(words.length > 1 ? words[0] : undefined);
        roots.push(key);
      }
    }
    if (roots[0] === undefined) throw new Error(`保险库密钥无效 · ${setting} holds no key`);
    // Which key is the first may change; what all duplicates are known by may not.
    if (roots.length > 1 && macRoot === undefined)
      throw new Error(`保险库密钥无效 · ${setting} holds several keys, but no line "mac"`);
    const ring = new KeyRing(roots, macRoot ?? derive(roots[0], 'fingerprint'));
    if (ring.keyIds.some((keyId, index) => (names[index] ?? keyId) !== keyId))
      throw new Error(`保险库密钥无效 · ${setting}: a key does not match the key id beside it`);
    if (new Set(ring.keyIds).size < roots.length)
      throw new Error(`保险库密钥无效 · ${setting} holds a key twice`);
    return ring;
  }

  /** The ring as text, for its file only. */
  format(): string {
    const keys = this.#keys.map(({ keyId, root }) => `${keyId} ${root.toString('base64')}`);
    return [
      '# Cardwright vault keys, the oldest first; the last one is current. Keep this file secret, and a copy of it safe.',
      `mac ${this.macRoot.toString('base64')}`,
      ...keys,
      '',
    ].join('\n');
  }

  get keyIds(): readonly string[] {
    return this.#keys.map(({ keyId }) => keyId);
  }

  get current(): MasterKey {
    const key = this.#keys.at(-1);
    if (key === undefined) throw new Error('a ring without keys');
    return key;
  }

  find(keyId: string): MasterKey | undefined {
    return this.#keys.find((key) => key.keyId === keyId);
  }

  withNewKey(): KeyRing {
    return new KeyRing([...this.#keys.map(({ root }) => root), randomBytes(rootBytes)], this.macRoot);
  }

  /** The ring without these keys; the current one stays whatever is asked. */
  without(keyIds: readonly string[]): KeyRing {
    const kept = this.#keys.filter((key) => key.keyId === this.current.keyId || !keyIds.includes(key.keyId));
    return new KeyRing(
      kept.map(({ root }) => root),
      this.macRoot,
    );
  }
}

function derive(root: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', root, '', `cardwright ${purpose}`, 32));
}

function decodeKey(text: string, setting: string): Buffer {
  const key = Buffer.from(text, 'base64');
  if (key.length !== rootBytes)
    throw new Error(`保险库密钥无效 · ${setting} must hold 32 bytes in base64, it holds ${key.length}`);
  return key;
}
