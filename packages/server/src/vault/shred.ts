import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { type AuditEntry, appendAudit } from '../audit/append.ts';
import { sqlState } from '../db/server-error.ts';
import type { Transaction } from '../work.ts';
import type { CardOwner } from './card-vault.ts';
import type { WrappedKey } from './vault.ts';

/** Signs certificates: the key of the audit log does. */
export interface CertificateSigner {
  sign(text: string): { readonly keyId: string; readonly signature: Buffer };
}

export interface ShreddingOrder {
  readonly actor: string;
  /** The rule that it follows, as the certificate states it, such as `30 days after the end` or a person's words. */
  readonly reason: string;
}

type SecretClass = 'card' | 'receiver';

/** `not-ended`: the order is still alive, its secrets are needed. */
export type ShreddingOutcome =
  | { readonly ok: false; readonly why: 'unknown-order' | 'not-ended' | 'nothing-left' }
  | { readonly ok: true; readonly classes: readonly SecretClass[] };

interface DoomedOrder {
  readonly making_card_no: string;
  readonly state: string;
  readonly at: string;
  readonly ended_at: string | null;
  readonly receiver_key_id: string | null;
  readonly receiver_wrapped_key: Buffer | null;
  readonly cards: bigint;
}

interface DoomedKey {
  readonly master_key_id: string;
  readonly wrapped_key: Buffer | null;
}

const endedStates = ['closed', 'test_done', 'cancelled'];

const orderSql = `
select making_card_no, state, ${isoText('now()')} as at, ${isoText('ended_at')} as ended_at, receiver_key_id,
  receiver_wrapped_key, (select coalesce(sum(p.card_count), 0)::bigint from card_page p
    where p.environment = c.environment and p.card_order_id = c.card_order_id) as cards
from card_order c where environment = $1 and card_order_id = $2 for no key update`;

const cardKeySql = `select master_key_id, wrapped_key from vault_data_key
  where environment = $1 and card_order_id = $2 and class = 'card' for update`;

/**
 * Destroys the data keys of an order that has ended, and its receiver; in the caller's transaction, with the audit row
 * and a signed certificate for each class. What was sealed under them opens for nobody, ever. `scrub` afterwards.
 */
export async function shredSecrets(
  client: PoolClient,
  signer: CertificateSigner,
  owner: CardOwner,
  order: ShreddingOrder,
): Promise<ShreddingOutcome> {
  const values = [owner.environment, String(owner.cardOrderId)];
  const row = (await client.query<DoomedOrder>(orderSql, values)).rows[0];
  if (row === undefined) return { ok: false, why: 'unknown-order' };
  if (!endedStates.includes(row.state)) return { ok: false, why: 'not-ended' };
  const key = (await client.query<DoomedKey>(cardKeySql, values)).rows[0];
  const certificates: Certificate[] = [];
  if (key?.wrapped_key) {
    await client.query(
      `update vault_data_key set wrapped_key = null, shredded_at = now()
       where environment = $1 and card_order_id = $2 and class = 'card'`,
      values,
    );
    const doomed = { keyId: key.master_key_id, wrappedKey: key.wrapped_key };
    certificates.push(certify(owner, order, row, 'card', doomed));
  }
  if (row.receiver_wrapped_key !== null && row.receiver_key_id !== null) {
    await client.query(
      `update card_order set receiver_key_id = null, receiver_wrapped_key = null, receiver_sealed = null,
         receiver_shredded_at = now() where environment = $1 and card_order_id = $2`,
      values,
    );
    const doomed = { keyId: row.receiver_key_id, wrappedKey: row.receiver_wrapped_key };
    certificates.push(certify(owner, order, row, 'receiver', doomed));
  }
  if (certificates.length === 0) return { ok: false, why: 'nothing-left' };
  for (const certificate of certificates) await storeCertificate(client, signer, owner, certificate);
  const classes = certificates.map((certificate) => certificate.class);
  const entry: AuditEntry = {
    ...owner,
    actor: order.actor,
    action: 'vault.shredded',
    detail: { classes, reason: order.reason },
  };
  await appendAudit(client, [entry]);
  return { ok: true, classes };
}

interface Certificate {
  readonly class: SecretClass;
  readonly content: string;
}

/** The certificate's text: JSON with its keys in alphabetical order and no spaces. */
function certify(
  { environment, cardOrderId }: CardOwner,
  { actor, reason }: ShreddingOrder,
  row: DoomedOrder,
  secretClass: SecretClass,
  { keyId, wrappedKey }: WrappedKey,
): Certificate {
  const content = {
    actor,
    cardOrderId: String(cardOrderId),
    class: secretClass,
    environment,
    format: 'cardwright shredding certificate 1',
    makingCardNo: row.making_card_no,
    masterKeyId: keyId,
    orderEndedAt: row.ended_at,
    orderState: row.state,
    reason,
    secrets: secretClass === 'card' ? String(row.cards) : '1',
    shreddedAt: row.at,
    wrappedKeySha256: createHash('sha256').update(wrappedKey).digest('hex'),
  };
  return { class: secretClass, content: JSON.stringify(content) };
}

async function storeCertificate(
  client: PoolClient,
  signer: CertificateSigner,
  { environment, cardOrderId }: CardOwner,
  certificate: Certificate,
): Promise<void> {
  const { keyId, signature } = signer.sign(certificate.content);
  await client.query(
    `insert into shredding_certificate (environment, card_order_id, class, content, key_id, signature)
     values ($1, $2, $3, $4, $5, $6)`,
    [environment, String(cardOrderId), certificate.class, certificate.content, keyId, signature],
  );
}

/** SQL for a time as text of one form, whatever the session's settings. */
function isoText(time: string): string {
  return `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/** A certificate as it is stored; the signature covers exactly the text of `content`. */
export interface ShreddingCertificate {
  readonly class: SecretClass;
  readonly content: string;
  readonly keyId: string;
  readonly signature: Buffer;
  /** When the old versions of the rows were given up, too (`scrub`). */
  readonly scrubbedAt: Date | null;
}

export async function findCertificates(
  pool: Pool,
  owner: CardOwner,
): Promise<readonly ShreddingCertificate[]> {
  const { rows } = await pool.query<ShreddingCertificate>(
    `select class, content, key_id as "keyId", signature, scrubbed_at as "scrubbedAt" from shredding_certificate
     where environment = $1 and card_order_id = $2 order by class`,
    [owner.environment, String(owner.cardOrderId)],
  );
  return rows;
}

const dueSql = `
select environment, card_order_id as "cardOrderId" from card_order
  where ended_at < now() - make_interval(days => $1) and receiver_key_id is not null
union
select k.environment, k.card_order_id from vault_data_key k
  join card_order c on c.environment = k.environment and c.card_order_id = k.card_order_id
  where k.shredded_at is null and c.ended_at < now() - make_interval(days => $1)
limit $2`;

const ordersAtOnce = 100;

/**
 * Shreds what the retention clock says is due: orders that ended more than `retentionDays` ago, one transaction each.
 * Safe to repeat, and to stop by the signal at any time. Answers how many orders were shredded.
 */
export async function shredDue(
  transaction: Transaction,
  signer: CertificateSigner,
  retentionDays: number,
  signal?: AbortSignal,
): Promise<number> {
  const order = { actor: 'retention-clock', reason: `${retentionDays} days after the end of the order` };
  let shredded = 0;
  for (;;) {
    const due = await transaction(
      async (client) => (await client.query<CardOwner>(dueSql, [retentionDays, ordersAtOnce])).rows,
    );
    let progress = 0;
    for (const owner of due) {
      if (signal?.aborted) return shredded;
      const outcome = await transaction((client) => shredSecrets(client, signer, owner, order));
      if (outcome.ok) progress++;
    }
    shredded += progress;
    if (progress === 0) return shredded;
  }
}

/**
 * Has PostgreSQL give up the old versions of rows that were shredded, where there are any, so that the wrapped keys are in
 * no table either. The keys of cards have a small table of their own, which is written anew; its users wait meanwhile, a
 * second or two for a million orders. Answers false where somebody held that table for so long that it has to be done
 * another time.
 */
export async function scrub(pool: Pool): Promise<boolean> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ id: bigint }>(
      'select shredding_certificate_id as id from shredding_certificate where scrubbed_at is null',
    );
    if (rows.length === 0) return true;
    await client.query("set statement_timeout = 0; set lock_timeout = '3s'");
    await client.query('vacuum card_order');
    await client.query('vacuum (full) vault_data_key');
    await client.query(
      'update shredding_certificate set scrubbed_at = now() where shredding_certificate_id = any ($1::bigint[])',
      [rows.map(({ id }) => String(id))],
    );
    return true;
  } catch (error) {
    if (sqlState(error) === lockNotAvailable) return false;
    throw error;
  } finally {
    await client.query('reset statement_timeout; reset lock_timeout').catch(() => undefined);
    client.release();
  }
}

const lockNotAvailable = '55P03';
