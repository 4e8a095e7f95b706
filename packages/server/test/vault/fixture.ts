import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Pool } from 'pg';
import { inTransaction } from '../../src/db/transaction.ts';
import type { CardSecrets } from '../../src/vault/card-codec.ts';
import { macText } from '../../src/vault/card-macs.ts';
import { type CardOwner, createCardVault, type SealableCard } from '../../src/vault/card-vault.ts';
import { keyProvider } from '../../src/vault/key-provider.ts';
import { openVault, type Vault } from '../../src/vault/vault.ts';
import type { Transaction } from '../../src/work.ts';

export const transactionOn =
  (pool: Pool): Transaction =>
  (work) =>
    inTransaction(pool, work);

/** A vault of one key, the same for the same number. */
export const fixedVault = (fill: number): Promise<Vault> =>
  openVault(
    keyProvider({
      kind: 'environment',
      base64: Buffer.alloc(32, fill).toString('base64'),
      setting: 'TEST',
    }),
  );

export function scratchFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cardwright-vault-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const fileVault = (path: string): Promise<Vault> => openVault(keyProvider({ kind: 'file', path }));

export const receiver = '{"name":"张三","phone":"15512345678"}';

export function someCards(count: number, prefix = '61'): SealableCard[] {
  return Array.from({ length: count }, (_, index) => ({
    templateNo: `T${index % 2}`,
    cardNo: `${prefix}${String(index).padStart(12, '0')}`,
    cardPassword: String(randomInt(1e12)).padStart(12, '0'),
    ...(index % 2 === 0 ? { qrCode: `https://example.test/卡/${prefix}${index}` } : {}),
    ...(index % 3 === 0 ? { shortQrCode: `s${prefix}${index}` } : {}),
  }));
}

/** An order as intake stores it, with its receiver sealed. */
export async function storeOrder(
  pool: Pool,
  vault: Vault,
  owner: CardOwner,
  state: 'received' | 'cancelled' = 'received',
): Promise<void> {
  const sealed = vault.seal({ ...owner, column: 'receiver' }, receiver);
  await pool.query(
    `insert into card_order (environment, card_order_id, making_card_no, state, content_fingerprint, lines, card_count,
       receiver_key_id, receiver_wrapped_key, receiver_sealed, ended_at)
     values ($1, $2, $3, $4, $5, '[]', 1, $6, $7, $8, case $4 when 'cancelled' then now() end)`,
    [
      owner.environment,
      String(owner.cardOrderId),
      `CW${owner.environment}${owner.cardOrderId}`,
      state,
      vault.fingerprint('content'),
      sealed.keyId,
      sealed.wrappedKey,
      sealed.sealed,
    ],
  );
}

/** Seals and stores a page with its cards' rows. */
export async function storeCards(
  pool: Pool,
  vault: Vault,
  owner: CardOwner,
  pageNo: number,
  cards: readonly SealableCard[],
): Promise<void> {
  const cardVault = createCardVault(vault);
  await inTransaction(pool, async (client) => {
    const key = await cardVault.cardKey(client, owner);
    const { nonce, sealed } = key.sealPage(pageNo, cards);
    const place = [owner.environment, String(owner.cardOrderId), pageNo];
    const page = await client.query<{ card_page_id: bigint }>(
      `insert into card_page (environment, card_order_id, page_no, card_count, data_key_id, nonce, sealed)
       values ($1, $2, $3, $4, $5, $6, $7) returning card_page_id`,
      [...place, cards.length, String(key.dataKeyId), nonce, sealed],
    );
    const macs = cardVault.cardMacs(owner.environment, cards);
    await client.query(
      `insert into card (card_page_id, slot, template_no, platform_status, number_mac, content_mac)
       select $1, n - 1, template_no, 'ACTIVE', number_mac, content_mac
       from unnest($2::text[], $3::uuid[], $4::uuid[]) with ordinality as c (template_no, number_mac, content_mac, n)`,
      [
        String(page.rows[0]?.card_page_id),
        cards.map((card) => card.templateNo),
        macs.map((mac) => macText(mac.numberMac)),
        macs.map((mac) => macText(mac.contentMac)),
      ],
    );
  });
}

/** A card without its template: as it comes out of the vault. */
export const secretsOf = ({ templateNo: _, ...secrets }: SealableCard): CardSecrets => secrets;
