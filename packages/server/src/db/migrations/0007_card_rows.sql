-- A fetch writes a row a card, a million for a large order, while callers of the gateway wait for the same disk. So a row
-- names its page by one number instead of environment, order and page; and macs are uuid, PostgreSQL's type of exactly 16
-- bytes: a bytea of 16 takes 17, which an index entry rounds up to 24.

alter table card_page
  add column card_page_id bigint generated always as identity,
  add constraint card_page_id_once unique (card_page_id);

alter table card_status_change
  drop constraint card_status_change_environment_card_order_id_page_no_slot_fkey,
  add foreign key (environment, card_order_id, page_no) references card_page,
  add check (slot between 0 and 499);

alter table card rename to card_before;

create table card (
  -- No foreign key: it would be looked up for each card. The page is inserted in the same transaction.
  card_page_id bigint not null,
  -- Blind index: HMAC of environment and card number. Unique over all orders of an environment.
  number_mac uuid not null,
  -- HMAC over number, password and codes: shows that an answer changed, and nothing else.
  content_mac uuid not null,
  -- Place in the page, from 0.
  slot smallint not null,
  template_no text not null,
  -- As the platform last gave it (published: ACTIVE).
  platform_status text not null
);
insert into card
  select p.card_page_id, encode(c.number_mac, 'hex')::uuid, encode(c.content_mac, 'hex')::uuid, c.slot, c.template_no,
    c.platform_status
  from card_before c join card_page p using (environment, card_order_id, page_no)
  order by p.card_page_id, c.slot;
drop table card_before;
alter table card add primary key (card_page_id, slot);
create unique index card_number_once on card (number_mac);

-- Cards with whose they are.
create view placed_card as
  select p.environment, p.card_order_id, p.page_no, c.*
  from card c join card_page p using (card_page_id);

alter table former_card
  alter column number_mac type uuid using encode(number_mac, 'hex')::uuid,
  alter column content_mac type uuid using encode(content_mac, 'hex')::uuid;
