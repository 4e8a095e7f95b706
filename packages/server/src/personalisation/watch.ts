import type { CardMakingInfo, Environment } from '@cardwright/top';
import type { PoolClient } from 'pg';
import { raiseAlarm } from '../alarm/alarm-store.ts';
import { appendAudit } from '../audit/append.ts';
import { isAccepted } from '../card-order/difference-store.ts';
import type { Hold } from '../card-order/hold.ts';
import { holdOrder, lockOrder, type OrderKey } from '../card-order/move.ts';
import { advanceTestOrderJob } from '../card-order/order-jobs.ts';
import { addJob, type NewJob } from '../db/add-job.ts';
import type { Platform } from '../platform/platform.ts';
import { type CardMacs, macText } from '../vault/card-macs.ts';
import type { CardVault } from '../vault/card-vault.ts';
import { GiveUp, TryLater, type Work } from '../work.ts';
import { pageSize } from './page-store.ts';

export interface WatchParts {
  readonly vault: CardVault;
  readonly platformOf: (environment: Environment) => Platform;
  readonly now: () => Date;
}

const watchEveryMs = 6 * 3_600_000;

/** The job that looks at an order's cards again: at once, or at a time. */
export const watchCardsJob = (key: OrderKey, runAt?: Date): NewJob => ({
  task: 'watch-cards',
  payload: { environment: key.environment, cardOrderId: String(key.cardOrderId) },
  key: `watch-cards:${key.environment}:${key.cardOrderId}`,
  ...(runAt === undefined ? {} : { runAt }),
});

const nextWatch = (now: Date): Date => new Date(now.getTime() + watchEveryMs);

/** What follows when the cards of an order are proven. */
export const jobsAfterFetch = (
  order: OrderKey & { readonly isTest: boolean },
  now = new Date(),
): readonly NewJob[] => [order.isTest ? advanceTestOrderJob(order) : watchCardsJob(order, nextWatch(now))];

/** From when its cards are fetched until it is shipped, nobody but the platform should know a card. */
const watchedStates: ReadonlySet<string> = new Set(['cards_fetched', 'in_production', 'made']);

/**
 * Asks for the cards of an order once more, page by page, and compares. A status that changed before the cards were
 * shipped is the leak alarm (泄露警报): somebody uses a card that nobody can have yet. A card with other content is no
 * better, nor is one that was not given before. Each is recorded, raises an alarm and holds the order. Pages that the
 * platform no longer gives prove nothing.
 * Adds its own next job, until the order is shipped.
 */
export async function watchCards(parts: WatchParts, work: Work, key: OrderKey): Promise<void> {
  const pages = await work.transaction(async (client) => {
    const order = await lockOrder(client, key);
    if (order === undefined) throw new GiveUp(`no order ${key.environment} ${key.cardOrderId}`);
    return watchedStates.has(order.state) ? lastPageOf(client, key) : 0;
  });
  for (let pageNo = 1; pageNo <= pages && !work.signal.aborted; pageNo++) {
    const answer = await parts
      .platformOf(key.environment)
      .cardPage(key.cardOrderId, pageNo, pageSize, work.signal);
    if (!answer.ok) {
      const waitsMs = answer.kind === 'later' ? answer.retryAfterMs : undefined;
      throw new TryLater(`page ${pageNo}: ${answer.cause}`, {
        counts: answer.kind !== 'later' || answer.counts,
        ...(waitsMs === undefined ? {} : { delayMs: waitsMs }),
      });
    }
    const macs = parts.vault.cardMacs(key.environment, answer.value);
    const hold = await work.transaction((client) => comparePage(client, key, answer.value, macs));
    if (hold) return;
  }
  if (pages > 0)
    await work.transaction((client) => addJob(client, watchCardsJob(key, nextWatch(parts.now()))));
}

async function lastPageOf(client: PoolClient, key: OrderKey): Promise<number> {
  const { rows } = await client.query<{ last: number | null }>(
    'select max(page_no) as last from card_page where environment = $1 and card_order_id = $2',
    [key.environment, String(key.cardOrderId)],
  );
  return rows[0]?.last ?? 0;
}

interface Difference {
  readonly page_no: number;
  readonly slot: number;
  readonly from_status: string;
  readonly to_status: string;
  readonly content_changed: boolean;
}

const differencesSql = `
select c.page_no, c.slot, c.platform_status as from_status, a.status as to_status, c.content_mac <> a.content_mac as content_changed
from unnest($3::uuid[], $4::uuid[], $5::text[]) as a (number_mac, content_mac, status)
join placed_card c on c.number_mac = a.number_mac
where c.environment = $1 and c.card_order_id = $2
  and (c.platform_status <> a.status or c.content_mac <> a.content_mac)
order by c.page_no, c.slot`;

const recordSql = `
with changed as (
  select * from unnest($3::int[], $4::smallint[], $5::text[], $6::text[]) as d (page_no, slot, from_status, to_status)
), recorded as (
  insert into card_status_change (environment, card_order_id, page_no, slot, from_status, to_status)
  select $1, $2, page_no, slot, from_status, to_status from changed
)
update card c set platform_status = d.to_status from changed d join card_page p using (page_no)
where p.environment = $1 and p.card_order_id = $2 and c.card_page_id = p.card_page_id and c.slot = d.slot`;

/** Compares one page with what is stored; answers whether the order is held now. */
async function comparePage(
  client: PoolClient,
  key: OrderKey,
  cards: readonly CardMakingInfo[],
  macs: readonly CardMacs[],
): Promise<boolean> {
  const place = [key.environment, String(key.cardOrderId)];
  const order = await lockOrder(client, key);
  if (order === undefined || !watchedStates.has(order.state)) return true;
  const { rows } = await client.query<Difference>(differencesSql, [
    ...place,
    macs.map((mac) => macText(mac.numberMac)),
    macs.map((mac) => macText(mac.contentMac)),
    cards.map((card) => card.status),
  ]);
  const hold = rows.length > 0 ? holdFor(rows) : await findUnknown(client, key, macs);
  if (hold === undefined || (await isAccepted(client, key, hold))) return false;
  const moved = rows.filter((row) => row.from_status !== row.to_status);
  if (moved.length > 0) {
    const column = <T>(pick: (row: Difference) => T): T[] => moved.map(pick);
    await client.query(recordSql, [
      ...place,
      column((row) => row.page_no),
      column((row) => row.slot),
      column((row) => row.from_status),
      column((row) => row.to_status),
    ]);
  }
  await raiseAlarm(client, { kind: 'leak-alarm', ...key, detail: { reason: hold.code, ...hold.seen } });
  await holdOrder(client, order, hold, 'watcher');
  await appendAudit(client, [
    { actor: 'watcher', action: `cards.${hold.code}`, ...key, detail: { ...hold.seen } },
  ]);
  return true;
}

const unknownSql = `
select count(*) as cards from unnest($3::uuid[]) as a (number_mac)
where not exists (select from placed_card c where c.environment = $1 and c.card_order_id = $2 and c.number_mac = a.number_mac)
  and not exists (select from difference_approval d where d.environment = $1 and d.card_order_id = $2
    group by hold_digest having count(*) >= 2)`;

/** Cards that were not given when the order was fetched: then those were not the order's cards, or these are not. */
async function findUnknown(
  client: PoolClient,
  key: OrderKey,
  macs: readonly CardMacs[],
): Promise<Hold | undefined> {
  const { rows } = await client.query<{ cards: bigint }>(unknownSql, [
    key.environment,
    String(key.cardOrderId),
    macs.map((mac) => macText(mac.numberMac)),
  ]);
  const cards = rows[0]?.cards ?? 0n;
  if (cards === 0n) return undefined;
  const words = `${cards} cards that were not given before, asked again before shipping`;
  return { code: 'card-changed', words, seen: { cards: String(cards) } };
}

function holdFor(differences: readonly Difference[]): Hold {
  const changed = differences.find((row) => row.content_changed);
  const first = changed ?? (differences[0] as Difference);
  const where = `page ${first.page_no}, card ${first.slot + 1}`;
  const seen = { pageNo: first.page_no, slot: first.slot, cards: differences.length };
  return changed === undefined
    ? {
        code: 'leak-alarm',
        words: `${where}: ${shown(first.from_status)} → ${shown(first.to_status)}; ${differences.length} such cards`,
        seen: { ...seen, fromStatus: shown(first.from_status), toStatus: shown(first.to_status) },
      }
    : { code: 'card-changed', words: `${where}, asked again before shipping`, seen };
}

/** The platform's word, where it is one. */
const shown = (status: string): string => (/^[A-Za-z_]{1,32}$/.test(status) ? status : 'an odd status');
