import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { CardSecrets } from './card-codec.ts';
import { CardMac, type CardMacs } from './card-macs.ts';
import { binding, dataKeyBytes, decrypt, encrypt, nonceBytes } from './gcm.ts';
import type { MasterKeyProvider } from './key-provider.ts';
import type { KeyRing, MasterKey } from './key-ring.ts';
import { takeRandom } from './random.ts';

/** Where a sealed value or a data key lives. A ciphertext moved to another place does not open. */
export interface SealedPlace {
  readonly environment: string;
  readonly cardOrderId: bigint;
  readonly column: 'receiver' | 'card';
}

/** A data key as it is stored. */
export interface WrappedKey {
  /** Of the master key that wrapped it. */
  readonly keyId: string;
  readonly wrappedKey: Buffer;
}

/** What is stored of a single value: the data key of this order, wrapped, and the value under it. */
export interface SealedValue extends WrappedKey {
  readonly sealed: Buffer;
}

const schemaVersion = 1;
const versionCheckMs = 1_000;

/** Opens the vault with the keys of this provider. */
export async function openVault(provider: MasterKeyProvider, now: () => number = Date.now): Promise<Vault> {
  const version = provider.version?.();
  return new Vault(provider, await provider.load(), version, now);
}

/** Envelope encryption: a random data key for each order and class, AES-256-GCM, bound to its place. See INVARIANTS.md. */
export class Vault {
  readonly #provider: MasterKeyProvider;
  readonly #now: () => number;
  readonly #fingerprint: KeyObject;
  readonly #cardMac: CardMac;
  #ring: KeyRing;
  #current: MasterKey;
  #version: string | undefined;
  #checkedAtMs: number;

  constructor(provider: MasterKeyProvider, ring: KeyRing, version: string | undefined, now: () => number) {
    this.#provider = provider;
    this.#now = now;
    this.#ring = ring;
    this.#current = ring.current;
    this.#version = version;
    this.#checkedAtMs = now();
    this.#fingerprint = createSecretKey(ring.macRoot);
    this.#cardMac = new CardMac(ring.macRoot);
  }

  /** Of the current master key. */
  get keyId(): string {
    return this.#current.keyId;
  }

  /** Of all master keys in the ring, the oldest first. */
  get keyIds(): readonly string[] {
    return this.#ring.keyIds;
  }

  /** Whether the ring has this master key; one that is not known yet is looked for once more. */
  async knows(keyId: string): Promise<boolean> {
    if (this.#ring.find(keyId) === undefined) await this.refresh();
    return this.#ring.find(keyId) !== undefined;
  }

  /** Keyed fingerprint (HMAC-SHA-256): equal content gives equal bytes, and nobody without the key can guess content. */
  fingerprint(content: string): Buffer {
    return createHmac('sha256', this.#fingerprint).update(content).digest();
  }

  /** Macs of the cards of a page, in order. */
  cardMacs(environment: string, cards: readonly CardSecrets[]): CardMacs[] {
    return this.#cardMac.ofCards(environment, cards);
  }

  /** The blind index of a card number. */
  cardNumberMac(environment: string, cardNo: string): Buffer {
    return this.#cardMac.ofNumber(environment, cardNo);
  }

  seal(place: SealedPlace, plain: string): SealedValue {
    this.#noticeRotation();
    const dataKey = takeRandom(dataKeyBytes);
    const valueNonce = takeRandom(nonceBytes);
    const { keyId } = this.#current;
    const value = encrypt(
      createSecretKey(dataKey),
      valueNonce,
      placeBinding('value', keyId, place),
      Buffer.from(plain, 'utf8'),
    );
    const wrapped = this.#wrap(dataKey, place);
    return { ...wrapped, sealed: Buffer.concat([valueNonce, value]) };
  }

  /** Opens a sealed value; undefined whatever the cause (other key, other place, changed bytes): failures look alike. */
  async open(place: SealedPlace, value: SealedValue): Promise<string | undefined> {
    const dataKey = await this.unwrap(place, value);
    if (dataKey === undefined) return undefined;
    const [nonce, sealed] = [value.sealed.subarray(0, nonceBytes), value.sealed.subarray(nonceBytes)];
    return decrypt(dataKey, nonce, placeBinding('value', value.keyId, place), sealed)?.toString('utf8');
  }

  /** A new data key for this place, and how to store it. */
  newDataKey(place: SealedPlace): { dataKey: KeyObject; wrapped: WrappedKey } {
    this.#noticeRotation();
    const raw = takeRandom(dataKeyBytes);
    const dataKey = createSecretKey(raw);
    return { dataKey, wrapped: this.#wrap(raw, place) };
  }

  /** Unwraps a data key; undefined whatever the cause. */
  async unwrap(place: SealedPlace, { keyId, wrappedKey }: WrappedKey): Promise<KeyObject | undefined> {
    const master = (await this.knows(keyId)) ? this.#ring.find(keyId) : undefined;
    if (master === undefined) return undefined;
    const [nonce, sealed] = [wrappedKey.subarray(0, nonceBytes), wrappedKey.subarray(nonceBytes)];
    const raw = decrypt(master.wrapping, nonce, placeBinding('data key', keyId, place), sealed);
    if (raw?.length !== dataKeyBytes) return undefined;
    const dataKey = createSecretKey(raw);
    raw.fill(0);
    return dataKey;
  }

  /** The same data key, wrapped by the current master key; undefined where it does not unwrap. */
  async rewrap(place: SealedPlace, wrapped: WrappedKey): Promise<WrappedKey | undefined> {
    const dataKey = await this.unwrap(place, wrapped);
    return dataKey && this.#wrap(dataKey.export(), place);
  }

  /** Loads the ring again. @throws where the provider fails, or its ring belongs to another house. */
  async refresh(): Promise<void> {
    const version = this.#provider.version?.();
    const ring = await this.#provider.load();
    if (!ring.macRoot.equals(this.#ring.macRoot))
      throw new Error('保险库密钥不符 · the vault keys were replaced by those of another house');
    this.#ring = ring;
    this.#current = ring.current;
    this.#version = version;
  }

  /** Whether keys can be added and dropped here. */
  get canReplace(): boolean {
    return this.#provider.replace !== undefined;
  }

  /** Puts a new current key into the ring, durably. Answers its id. For `rotateVault`. */
  async addKey(): Promise<string> {
    await this.#replace((ring) => ring.withNewKey());
    return this.keyId;
  }

  /** Takes keys out of the ring for ever; never the current one. For `rotateVault`. */
  async dropKeys(keyIds: readonly string[]): Promise<void> {
    await this.#replace((ring) => ring.without(keyIds));
  }

  async #replace(change: (ring: KeyRing) => KeyRing): Promise<void> {
    if (this.#provider.replace === undefined) throw new Error('the keys of this vault are fixed');
    // Changes what is there now, not what was there when this process looked last.
    await this.refresh();
    await this.#provider.replace(change(this.#ring));
    await this.refresh();
  }

  #wrap(dataKey: Buffer, place: SealedPlace): WrappedKey {
    const nonce = takeRandom(nonceBytes);
    const { keyId, wrapping } = this.#current;
    const wrapped = encrypt(wrapping, nonce, placeBinding('data key', keyId, place), dataKey);
    dataKey.fill(0);
    return { keyId, wrappedKey: Buffer.concat([nonce, wrapped]) };
  }

  /**
   * Takes a new current key into use within about a second, without a wait. It may come late or fail: what still is
   * wrapped by an older key opens, and the database refuses a key that was dropped (vault_retired_key).
   */
  #noticeRotation(): void {
    const now = this.#now();
    if (now - this.#checkedAtMs < versionCheckMs) return;
    this.#checkedAtMs = now;
    void this.#refreshIfChanged().catch(() => undefined);
  }

  async #refreshIfChanged(): Promise<void> {
    if (this.#provider.version?.() !== this.#version) await this.refresh();
  }
}

function placeBinding(
  what: string,
  keyId: string,
  { environment, cardOrderId, column }: SealedPlace,
): Buffer {
  return binding(schemaVersion, what, keyId, environment, cardOrderId, column);
}
