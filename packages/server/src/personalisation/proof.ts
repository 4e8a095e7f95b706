import type { PoolClient } from 'pg';
import type { Hold } from '../card-order/hold.ts';
import type { LockedOrder } from '../card-order/move.ts';

interface TemplateCount {
  readonly template_no: string;
  readonly ordered: bigint;
  readonly fetched: bigint;
}

const countsSql = `
with ordered as (
  select l."templateNo" as template_no, sum(l.count)::bigint as ordered
  from card_order c cross join lateral jsonb_to_recordset(c.lines) as l ("templateNo" text, count bigint)
  where c.environment = $1 and c.card_order_id = $2 group by 1
), fetched as (
  select template_no, count(*) as fetched from placed_card where environment = $1 and card_order_id = $2 group by 1
)
select template_no, coalesce(ordered, 0) as ordered, coalesce(fetched, 0) as fetched
from ordered full join fetched using (template_no) order by template_no`;

const pagesSql = `
select coalesce(sum(card_count), 0)::bigint as in_pages from card_page where environment = $1 and card_order_id = $2`;

interface ChangedCards {
  readonly cards: bigint;
  readonly page_no: number;
  readonly slot: number;
}

/** Cards that came before, when the order was fetched the last time, with other content. */
const changedSql = `
select count(*) as cards, (min(array[c.page_no, c.slot]))[1] as page_no, (min(array[c.page_no, c.slot]))[2] as slot
from former_card f join placed_card c on c.number_mac = f.number_mac
where f.environment = $1 and f.card_order_id = $2 and c.content_mac <> f.content_mac`;

const changedHold = ({ cards, page_no: pageNo, slot }: ChangedCards): Hold => ({
  code: 'card-changed',
  words: `${cards} cards differ from what was given before, the first is page ${pageNo}, card ${slot + 1}`,
  seen: { cards: String(cards), pageNo, slot },
});

/** At most so many templates are named in a hold's detail. */
const maxNamed = 50;

/**
 * Proves the cards of an order against what was ordered: as many of each template, none of another, and each as
 * it was when it was fetched before. That no number stands twice in the environment is the database's unique index. Answers what is wrong, or nothing.
 */
export async function proveCards(client: PoolClient, order: LockedOrder): Promise<Hold | undefined> {
  const place = [order.environment, String(order.cardOrderId)];
  // Grows with the order; comparing a million cards with former ones took 6 s on two cores.
  await client.query('set local statement_timeout = 0');
  const counts = (await client.query<TemplateCount>(countsSql, place)).rows;
  const inPages = (await client.query<{ in_pages: bigint }>(pagesSql, place)).rows[0]?.in_pages;
  const fetched = counts.reduce((sum, count) => sum + count.fetched, 0n);
  if (inPages !== fetched) {
    throw new Error(`order ${place.join(' ')}: ${fetched} card rows, but its pages hold ${inPages}`);
  }
  const changed = (await client.query<ChangedCards>(changedSql, place)).rows[0];
  if (changed !== undefined && changed.cards > 0n) return changedHold(changed);
  const differing = counts.filter((count) => count.ordered !== count.fetched);
  if (differing.length === 0) return undefined;
  const foreign = differing.filter((count) => count.ordered === 0n);
  const code =
    foreign.length > 0
      ? 'foreign-template'
      : fetched < order.cardCount
        ? 'cards-missing'
        : fetched > order.cardCount
          ? 'cards-too-many'
          : 'template-counts-differ';
  return {
    code,
    words: `${fetched} of ${order.cardCount} cards; ${differing
      .slice(0, 5)
      .map((count) => `${count.template_no}: ${count.fetched} of ${count.ordered}`)
      .join(', ')}${differing.length > 5 ? ' …' : ''}`,
    seen: {
      ordered: String(order.cardCount),
      fetched: String(fetched),
      templates: differing.slice(0, maxNamed).map((count) => ({
        templateNo: count.template_no,
        ordered: String(count.ordered),
        fetched: String(count.fetched),
      })),
    },
  };
}
