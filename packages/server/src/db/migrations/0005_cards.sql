-- The cards of an order: secrets sealed a page at a time, one row a card to prove and to follow it.

-- The data keys of an order, one for each class of secrets, wrapped by the master key. Without it nothing opens again:
-- shredding sets wrapped_key to null. (The receiver's key stands on the order, see 0001: intake writes one row.)
create table vault_data_key (
  data_key_id bigint generated always as identity primary key,
  environment text not null,
  card_order_id bigint not null,
  class text not null check (class in ('card')),
  master_key_id text not null,
  wrapped_key bytea,
  created_at timestamptz not null default now(),
  shredded_at timestamptz,
  unique (environment, card_order_id, class),
  foreign key (environment, card_order_id) references card_order,
  check ((wrapped_key is null) = (shredded_at is not null))
);
create index vault_data_key_alive on vault_data_key (environment, card_order_id) where shredded_at is null;

-- Master keys that were retired: nothing may be wrapped by them any more, also not by a process that missed it.
create table vault_retired_key (
  master_key_id text primary key,
  retired_at timestamptz not null default now()
);
-- After the row, not before: by then the transaction has its id, and whoever retires a key waits for all such ids.
create function check_data_key() returns trigger language plpgsql as $$
begin
  if exists (select from vault_retired_key r where r.master_key_id = new.master_key_id) then
    raise exception 'the master key % was retired: load the vault keys again', new.master_key_id using errcode = 'CW004';
  end if;
  return null;
end $$;
create function check_receiver_key() returns trigger language plpgsql as $$
begin
  if exists (select from vault_retired_key r where r.master_key_id = new.receiver_key_id) then
    raise exception 'the master key % was retired: load the vault keys again', new.receiver_key_id using errcode = 'CW004';
  end if;
  return null;
end $$;
create trigger vault_data_key_current after insert or update of master_key_id on vault_data_key
  for each row when (new.wrapped_key is not null) execute function check_data_key();
create trigger card_order_receiver_key_current after insert or update of receiver_key_id on card_order
  for each row when (new.receiver_key_id is not null) execute function check_receiver_key();

alter table card_order
  add column receiver_shredded_at timestamptz,
  drop constraint card_order_check1,
  drop constraint card_order_check2,
  add check (receiver_shredded_at is null or (receiver_sealed is null and receiver_wrapped_key is null and receiver_key_id is null)),
  add check (num_nulls(receiver_sealed, receiver_wrapped_key, receiver_key_id) in (0, 3));

create index card_order_ended on card_order (ended_at) where ended_at is not null and receiver_key_id is not null;

create table card_page (
  environment text not null,
  card_order_id bigint not null,
  page_no integer not null check (page_no >= 1),
  card_count smallint not null check (card_count between 0 and 500),
  data_key_id bigint not null references vault_data_key,
  nonce bytea not null check (octet_length(nonce) = 12),
  -- AES-256-GCM over the secrets of all cards of the page in order, tag at the end.
  sealed bytea not null,
  request_id text,
  fetched_at timestamptz not null default now(),
  primary key (environment, card_order_id, page_no),
  -- No nonce meets a key twice.
  unique (data_key_id, nonce),
  foreign key (environment, card_order_id) references card_order
);
-- Sealed bytes do not shrink.
alter table card_page alter column sealed set storage external;

create table card (
  environment text not null,
  card_order_id bigint not null,
  page_no integer not null,
  -- Place in the page, from 0.
  slot smallint not null,
  template_no text not null,
  -- As the platform last gave it (published: ACTIVE).
  platform_status text not null,
  -- Blind index: HMAC of environment and card number. Unique over all orders of an environment.
  number_mac bytea not null check (octet_length(number_mac) = 16),
  -- HMAC over number, password and codes: shows that an answer changed, and nothing else.
  content_mac bytea not null check (octet_length(content_mac) = 16),
  primary key (environment, card_order_id, page_no, slot)
);
create unique index card_number_once on card (number_mac);

-- What was seen of an order's cards before they were fetched anew: a card that comes again must be the same.
create table former_card (
  environment text not null,
  card_order_id bigint not null,
  number_mac bytea not null,
  content_mac bytea not null,
  primary key (environment, card_order_id, number_mac, content_mac)
);

-- Changes of a card's status at the platform after it was fetched.
create table card_status_change (
  card_status_change_id bigint generated always as identity primary key,
  environment text not null,
  card_order_id bigint not null,
  page_no integer not null,
  slot smallint not null,
  from_status text not null,
  to_status text not null,
  seen_at timestamptz not null default now(),
  foreign key (environment, card_order_id, page_no, slot) references card
);

-- What remains of shredded secrets.
create table shredding_certificate (
  shredding_certificate_id bigint generated always as identity primary key,
  environment text not null,
  card_order_id bigint not null,
  class text not null check (class in ('card', 'receiver')),
  -- Exactly the text that is signed.
  content text not null,
  key_id text not null,
  signature bytea not null,
  at timestamptz not null default now(),
  -- When the old versions of the shredded rows were given up, too.
  scrubbed_at timestamptz,
  unique (environment, card_order_id, class),
  foreign key (environment, card_order_id) references card_order
);
create index shredding_certificate_unscrubbed on shredding_certificate (shredding_certificate_id) where scrubbed_at is null;
