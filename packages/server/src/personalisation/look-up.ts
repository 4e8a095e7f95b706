import type { Environment } from '@cardwright/top';
import type { Pool } from 'pg';
import { appendAudit } from '../audit/append.ts';
import { inTransaction } from '../db/transaction.ts';
import type { Platform } from '../platform/platform.ts';
import { macText } from '../vault/card-macs.ts';
import type { CardVault } from '../vault/card-vault.ts';

/** Where a card stands. No secret in it: whoever asks has the card's number already. */
export interface FoundCard {
  readonly cardOrderId: bigint;
  /** From 1. */
  readonly pageNo: number;
  /** From 0. */
  readonly slot: number;
  readonly templateNo: string;
  readonly platformStatus: string;
}

/** What the platform says of a card now, beside what it said when the card was fetched. */
export type CardComparison = 'same' | 'status-changed' | 'content-changed' | 'not-given';

export interface CardAnswer {
  readonly found: FoundCard | undefined;
  /** Only where the platform was asked, and only of cards that are known here. */
  readonly now?: { readonly comparison: CardComparison; readonly status: string | undefined };
}

/**
 * Finds cards by their numbers (查卡) through the blind index: the vault stays shut. The looking is audited, with counts and
 * never with a number. Answers in the order of `cardNos`.
 */
export async function findCardsByNumber(
  pool: Pool,
  vault: CardVault,
  environment: Environment,
  cardNos: readonly string[],
  actor: string,
): Promise<readonly CardAnswer[]> {
  const macs = cardNos.map((cardNo) => vault.cardNumberMac(environment, cardNo));
  const rows = await inTransaction(pool, async (client) => {
    const found = await client.query<FoundCard & { at: number }>(
      `select a.at::int as at, c.card_order_id as "cardOrderId", c.page_no as "pageNo", c.slot, c.template_no as "templateNo",
         c.platform_status as "platformStatus"
       from unnest($1::uuid[]) with ordinality as a (number_mac, at) join placed_card c using (number_mac)`,
      [macs.map(macText)],
    );
    const detail = { asked: cardNos.length, found: found.rows.length };
    await appendAudit(client, [{ actor, action: 'cards.looked-up', environment, detail }]);
    return found.rows;
  });
  const byPlace = new Map(rows.map(({ at, ...card }) => [at - 1, card]));
  return cardNos.map((_, index) => ({ found: byPlace.get(index) }));
}

/**
 * Asks the platform for cards by their numbers (通过卡号查询卡信息) and holds what it gives against what was fetched: for a
 * card that has to be made again after its secrets were shredded, and for one that somebody complains about. At most 500.
 * A refusal comes back as its cause.
 */
export async function compareWithPlatform(
  pool: Pool,
  vault: CardVault,
  platform: Platform,
  environment: Environment,
  cardNos: readonly string[],
  answers: readonly CardAnswer[],
): Promise<readonly CardAnswer[] | { readonly problem: string }> {
  const outcome = await platform.cardsByNumber(cardNos);
  if (!outcome.ok) return { problem: outcome.cause };
  const given = new Map(outcome.value.map((card, index) => [card.cardNo, { card, index }]));
  const macs = vault.cardMacs(environment, outcome.value);
  const stored = await pool.query<{ number_mac: Buffer; content_mac: Buffer; platform_status: string }>(
    `select uuid_send(number_mac) as number_mac, uuid_send(content_mac) as content_mac, platform_status
     from card where number_mac = any($1::uuid[])`,
    [macs.map((mac) => macText(mac.numberMac))],
  );
  const storedByMac = new Map(stored.rows.map((row) => [macText(row.number_mac), row]));
  return answers.map((answer, index) => {
    if (answer.found === undefined) return answer;
    const now = given.get(cardNos[index] as string);
    const mac = now && macs[now.index];
    const row = mac && storedByMac.get(macText(mac.numberMac));
    if (now === undefined || mac === undefined || row === undefined) {
      return { ...answer, now: { comparison: 'not-given', status: undefined } };
    }
    const comparison: CardComparison = !row.content_mac.equals(mac.contentMac)
      ? 'content-changed'
      : row.platform_status === now.card.status
        ? 'same'
        : 'status-changed';
    return { ...answer, now: { comparison, status: now.card.status } };
  });
}
