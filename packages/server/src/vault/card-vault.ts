import { hash, type KeyObject } from 'node:crypto';
import type { PoolClient } from 'pg';
import { CardEncoder, type CardSecrets, decodeCards } from './card-codec.ts';
import type { CardMacs } from './card-macs.ts';
import { binding, decrypt, encrypt, nonceBytes } from './gcm.ts';
import { takeRandom } from './random.ts';
import type { SealedPlace, Vault, WrappedKey } from './vault.ts';

/** Whose cards. */
export interface CardOwner {
  readonly environment: string;
  readonly cardOrderId: bigint;
}

/** A card to be sealed. Its template stays readable in its row, but is bound to the page: it decides the card's value. */
export interface SealableCard extends CardSecrets {
  readonly templateNo: string;
}

/** The secrets of a page as they are stored (card_page). */
export interface SealedPage {
  readonly nonce: Buffer;
  readonly sealed: Buffer;
}

/** The data key of the cards of one order. May be kept once the transaction that it came from is committed. */
export interface CardKey {
  readonly dataKeyId: bigint;
  /**
   * Seals a page (at most 500 cards) as one message.
   * @throws RangeError for a field that can't be stored (over 65,534 bytes, or lone surrogates).
   */
  sealPage(pageNo: number, cards: readonly SealableCard[]): SealedPage;
}

/** What those who take cards in need of the vault: they seal, and never open. */
export interface CardVault {
  /**
   * The data key of an order's cards, made at the first call, in the caller's transaction.
   * @throws Error where it was shredded or does not unwrap: nothing can be sealed for this order any more.
   */
  cardKey(client: PoolClient, owner: CardOwner): Promise<CardKey>;
  /** Macs of the cards of a page, in order. */
  cardMacs(environment: string, cards: readonly CardSecrets[]): CardMacs[];
  /** The blind index of one card number (`card.number_mac`). */
  cardNumberMac(environment: string, cardNo: string): Buffer;
}

export function createCardVault(vault: Vault): CardVault {
  return {
    cardKey: (client, owner) => cardKey(vault, client, owner),
    cardMacs: (environment, cards) => vault.cardMacs(environment, cards),
    cardNumberMac: (environment, cardNo) => vault.cardNumberMac(environment, cardNo),
  };
}

/** What only the vault's own door may use. */
export interface OpeningCardKey extends CardKey {
  /** The cards of a page, whose templates are given in order; undefined whatever the cause. */
  openPage(pageNo: number, templateNos: readonly string[], page: SealedPage): CardSecrets[] | undefined;
}

interface KeyRow {
  readonly data_key_id: bigint;
  readonly master_key_id: string;
  readonly wrapped_key: Buffer | null;
}

const pageSchemaVersion = 1;
const mostCardsPerPage = 500;
const encoder = new CardEncoder();

async function cardKey(vault: Vault, client: PoolClient, owner: CardOwner): Promise<CardKey> {
  const row = (await findCardKey(client, owner)) ?? (await insertCardKey(vault, client, owner));
  const key = await openCardKey(vault, owner, row);
  if (key === undefined)
    throw new Error(`the card key of order ${owner.environment} ${owner.cardOrderId} is shredded or foreign`);
  return key;
}

export async function findCardKey(client: PoolClient, owner: CardOwner): Promise<KeyRow | undefined> {
  const { rows } = await client.query<KeyRow>({
    name: 'find-card-key',
    text: `select data_key_id, master_key_id, wrapped_key from vault_data_key
      where environment = $1 and card_order_id = $2 and class = 'card'`,
    values: [owner.environment, String(owner.cardOrderId)],
  });
  return rows[0];
}

async function insertCardKey(vault: Vault, client: PoolClient, owner: CardOwner): Promise<KeyRow> {
  const { wrapped } = vault.newDataKey(placeOf(owner));
  await client.query(
    `insert into vault_data_key (environment, card_order_id, class, master_key_id, wrapped_key)
     values ($1, $2, 'card', $3, $4) on conflict (environment, card_order_id, class) do nothing`,
    [owner.environment, String(owner.cardOrderId), wrapped.keyId, wrapped.wrappedKey],
  );
  // Another transaction may have been first: then its key counts, and a new statement sees it.
  const row = await findCardKey(client, owner);
  if (row === undefined) throw new Error('a card key that was just made is not there');
  return row;
}

export async function openCardKey(
  vault: Vault,
  owner: CardOwner,
  row: KeyRow,
): Promise<OpeningCardKey | undefined> {
  if (row.wrapped_key === null) return undefined;
  const wrapped: WrappedKey = { keyId: row.master_key_id, wrappedKey: row.wrapped_key };
  const dataKey = await vault.unwrap(placeOf(owner), wrapped);
  return dataKey && bindCardKey(dataKey, row.data_key_id, owner);
}

const placeOf = (owner: CardOwner): SealedPlace => ({ ...owner, column: 'card' });

function bindCardKey(
  dataKey: KeyObject,
  dataKeyId: bigint,
  { environment, cardOrderId }: CardOwner,
): OpeningCardKey {
  // No master key in it: rotation wraps the data key anew and leaves the pages alone.
  const pageBinding = (pageNo: number, templateNos: readonly string[]): Buffer => {
    const templates = hash('sha256', binding(...templateNos));
    const place = [environment, cardOrderId, dataKeyId, pageNo, templateNos.length, templates];
    return binding(pageSchemaVersion, 'card page', ...place);
  };
  return {
    dataKeyId,
    sealPage: (pageNo, cards) => {
      if (cards.length > mostCardsPerPage) throw new RangeError(`${cards.length} cards in one page`);
      const nonce = takeRandom(nonceBytes);
      const sealed = encoder.encode(cards, (bytes) =>
        encrypt(dataKey, nonce, pageBinding(pageNo, templatesOf(cards)), bytes),
      );
      return { nonce, sealed };
    },
    openPage: (pageNo, templateNos, { nonce, sealed }) => {
      const plain = decrypt(dataKey, nonce, pageBinding(pageNo, templateNos), sealed);
      const cards = plain && decodeCards(plain);
      plain?.fill(0);
      return cards?.length === templateNos.length ? cards : undefined;
    },
  };
}

const templatesOf = (cards: readonly SealableCard[]): string[] => cards.map((card) => card.templateNo);
