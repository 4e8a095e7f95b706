import type { PoolClient } from 'pg';
import { appendAudit } from '../audit/append.ts';
import type { Transaction } from '../work.ts';
import type { CardSecrets } from './card-codec.ts';
import { type CardOwner, findCardKey, type OpeningCardKey, openCardKey } from './card-vault.ts';
import { findReceiver } from './receiver-store.ts';
import { Secret } from './secret.ts';
import type { Vault } from './vault.ts';

/** Who opens what, and what for; all of it goes into the audit log. */
export interface Opening extends CardOwner {
  readonly actor: string;
  /** Why, in words for an auditor, such as `perso-file`; no secrets. */
  readonly purpose: string;
}

/** Where a card is: its page, from 1, and its place in the page, from 0. */
export interface CardPlace {
  readonly pageNo: number;
  readonly slot: number;
}

export interface OpenedCard extends CardPlace {
  readonly templateNo: string;
  readonly secrets: Secret<CardSecrets>;
}

/** All cards of an order, those of some pages, or single ones. */
export type CardChoice =
  | 'all'
  | { readonly pages: readonly number[] }
  | { readonly places: readonly CardPlace[] };

/** `none`: nothing was sealed; `foreign`: no key of ours opens it. */
export interface NotOpened {
  readonly ok: false;
  readonly why: 'none' | 'shredded' | 'foreign' | 'no-such-card';
}

/** Cards on their way out: how many, and a page after the other. */
export interface OpenedCards {
  readonly ok: true;
  readonly cards: number;
  readonly pages: AsyncIterable<readonly OpenedCard[]>;
}

/** What lies in the database is not what was sealed there: somebody changed, moved or swapped it. */
export class VaultDamage extends Error {
  override readonly name = 'VaultDamage';
}

/**
 * The one door to the secrets of cards. The audit row is committed before the first page is opened, so that no failure
 * and no rollback leaves an opening without its trace. Pages come one after the other in constant memory, each checked
 * against the rows of its cards.
 * @throws what the audit log throws (then nothing was opened); while iterating: VaultDamage.
 */
export async function openCards(
  vault: Vault,
  transaction: Transaction,
  opening: Opening,
  choice: CardChoice = 'all',
): Promise<NotOpened | OpenedCards> {
  const begun = await transaction(async (client) => {
    const row = await findCardKey(client, opening);
    if (row === undefined) return notOpened('none');
    if (row.wrapped_key === null) return notOpened('shredded');
    const key = await openCardKey(vault, opening, row);
    if (key === undefined) return notOpened('foreign');
    const pages = await choosePages(client, opening, choice);
    if (pages === undefined) return notOpened('no-such-card');
    const cards = pages.reduce((sum, page) => sum + page.cardCount, 0);
    await auditOpening(client, opening, 'vault.opened', {
      class: 'card',
      cards,
      ...described(choice, pages),
    });
    return { ok: true, key, pages, cards } as const;
  });
  if (!begun.ok) return begun;
  const door = { vault, transaction, opening, key: begun.key };
  return { ok: true, cards: begun.cards, pages: openPages(door, begun.pages) };
}

/** Opens an order's receiver (收货人), the JSON text that intake sealed; by the same rules as `openCards`. */
export async function openReceiver(
  vault: Vault,
  transaction: Transaction,
  opening: Opening,
): Promise<NotOpened | { readonly ok: true; readonly receiver: Secret<string> }> {
  const begun = await transaction(async (client) => {
    const row = await findReceiver(client, opening);
    if (row === undefined || row.value === undefined) return notOpened(row?.isShredded ? 'shredded' : 'none');
    if (!(await vault.knows(row.value.keyId))) return notOpened('foreign');
    await auditOpening(client, opening, 'vault.opened', { class: 'receiver' });
    return { ok: true, value: row.value } as const;
  });
  if (!begun.ok) return begun;
  const text = await vault.open({ ...opening, column: 'receiver' }, begun.value);
  if (text === undefined) throw await damage(transaction, opening, { class: 'receiver' });
  return { ok: true, receiver: new Secret(text) };
}

const notOpened = (why: NotOpened['why']): NotOpened => ({ ok: false, why });

/** A page to open: the whole, or some of its cards. */
interface ChosenPage {
  readonly pageNo: number;
  /** Of the cards that were chosen. */
  readonly cardCount: number;
  readonly slots: ReadonlySet<number> | 'all';
}

async function choosePages(
  client: PoolClient,
  { environment, cardOrderId }: CardOwner,
  choice: CardChoice,
): Promise<readonly ChosenPage[] | undefined> {
  const { rows } = await client.query<{ page_no: number; card_count: number }>(
    `select page_no, card_count from card_page where environment = $1 and card_order_id = $2 order by page_no`,
    [environment, String(cardOrderId)],
  );
  const all = rows.map(
    (row): ChosenPage => ({ pageNo: row.page_no, cardCount: row.card_count, slots: 'all' }),
  );
  if (choice === 'all') return all;
  const slotsOf = slotsByPage(choice);
  const chosen: ChosenPage[] = [];
  for (const page of all) {
    const slots = slotsOf.get(page.pageNo);
    if (slots === undefined) continue;
    if (slots !== 'all' && [...slots].some((slot) => !(slot >= 0 && slot < page.cardCount))) return undefined;
    chosen.push(slots === 'all' ? page : { ...page, slots, cardCount: slots.size });
  }
  return chosen.length === slotsOf.size ? chosen : undefined;
}

function slotsByPage(choice: Exclude<CardChoice, 'all'>): Map<number, Set<number> | 'all'> {
  if ('pages' in choice) return new Map(choice.pages.map((pageNo) => [pageNo, 'all']));
  const slotsOf = new Map<number, Set<number>>();
  for (const { pageNo, slot } of choice.places) {
    slotsOf.set(pageNo, (slotsOf.get(pageNo) ?? new Set()).add(slot));
  }
  return slotsOf;
}

const mostPlacesNamed = 20;

/** Which cards, for the audit log: single ones by their places, many by the span of their pages. */
function described(choice: CardChoice, pages: readonly ChosenPage[]): Record<string, unknown> {
  if (choice !== 'all' && 'places' in choice && choice.places.length <= mostPlacesNamed)
    return { places: choice.places.map(({ pageNo, slot }) => `${pageNo}/${slot}`) };
  return { pages: pages.length, firstPage: pages.at(0)?.pageNo, lastPage: pages.at(-1)?.pageNo };
}

interface Door {
  readonly vault: Vault;
  readonly transaction: Transaction;
  readonly opening: Opening;
  readonly key: OpeningCardKey;
}

async function* openPages(door: Door, pages: readonly ChosenPage[]): AsyncGenerator<OpenedCard[], void> {
  for (const page of pages) {
    const cards = await openPage(door, page);
    if (cards === undefined) {
      throw await damage(door.transaction, door.opening, { class: 'card', page: page.pageNo });
    }
    yield cards;
  }
}

interface PageRow {
  readonly card_count: number;
  readonly data_key_id: bigint;
  readonly nonce: Buffer;
  readonly sealed: Buffer;
  readonly slots: number[] | null;
  readonly template_nos: string[] | null;
  readonly number_macs: Buffer[] | null;
  readonly content_macs: Buffer[] | null;
}

const pageSql = `
select p.card_count, p.data_key_id, p.nonce, p.sealed, c.* from card_page p
cross join lateral (
  select array_agg(slot order by slot) as slots, array_agg(template_no order by slot) as template_nos,
    array_agg(uuid_send(number_mac) order by slot) as number_macs,
    array_agg(uuid_send(content_mac) order by slot) as content_macs
  from card c where c.card_page_id = p.card_page_id
) c
where p.environment = $1 and p.card_order_id = $2 and p.page_no = $3`;

/** Undefined where anything does not match: the page, its place, its key, or any of its cards' rows. */
async function openPage(door: Door, { pageNo, slots }: ChosenPage): Promise<OpenedCard[] | undefined> {
  const { vault, opening, key } = door;
  const { environment, cardOrderId } = opening;
  const row = await door.transaction(async (client) => {
    const values = [environment, String(cardOrderId), pageNo];
    return (await client.query<PageRow>({ name: 'open-card-page', text: pageSql, values })).rows[0];
  });
  if (row === undefined || row.data_key_id !== key.dataKeyId) return undefined;
  const templateNos = row.template_nos ?? [];
  const secrets = key.openPage(pageNo, templateNos, row);
  if (secrets?.length !== row.card_count) return undefined;
  const macs = vault.cardMacs(environment, secrets);
  const opened: OpenedCard[] = [];
  for (const [slot, card] of secrets.entries()) {
    const [mac, templateNo] = [macs[slot], templateNos[slot]];
    const matches =
      row.slots?.[slot] === slot &&
      mac?.numberMac.equals(row.number_macs?.[slot] ?? nothing) &&
      mac.contentMac.equals(row.content_macs?.[slot] ?? nothing);
    if (!matches || templateNo === undefined) return undefined;
    if (slots === 'all' || slots.has(slot))
      opened.push({ pageNo, slot, templateNo, secrets: new Secret(card) });
  }
  return opened;
}

const nothing = Buffer.alloc(0);

/** What was met is written down before it is thrown. */
async function damage(
  transaction: Transaction,
  opening: Opening,
  detail: { class: string; page?: number },
): Promise<VaultDamage> {
  await transaction((client) => auditOpening(client, opening, 'vault.damage-found', detail));
  const where = detail.page === undefined ? '' : ` page ${detail.page}`;
  return new VaultDamage(
    `保险库数据被改动 · order ${opening.environment} ${opening.cardOrderId}, ${detail.class}${where}: what is stored is not what was sealed`,
  );
}

function auditOpening(
  client: PoolClient,
  { actor, purpose, environment, cardOrderId }: Opening,
  action: string,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  return appendAudit(client, [{ actor, action, environment, cardOrderId, detail: { purpose, ...detail } }]);
}
