import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Pool } from 'pg';
import { inTransaction } from '../../src/db/transaction.ts';
import { openCards, openReceiver } from '../../src/vault/open.ts';
import { rotateVault } from '../../src/vault/rotate.ts';
import {
  type CertificateSigner,
  findCertificates,
  scrub,
  shredDue,
  shredSecrets,
} from '../../src/vault/shred.ts';
import { testDatabase } from '../postgres.ts';
import {
  fileVault,
  fixedVault,
  receiver,
  scratchFolder,
  someCards,
  storeCards,
  storeOrder,
  transactionOn,
} from './fixture.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const signer: CertificateSigner = {
  sign: (text) => ({ keyId: 'test-key', signature: sign(null, Buffer.from(text), privateKey) }),
};
const ownerOf = (id: number) => ({ environment: 'daily', cardOrderId: BigInt(id) }) as const;
const byHand = { actor: 'tester', reason: 'by hand' };
const shred = (pool: Pool, id: number) =>
  inTransaction(pool, (client) => shredSecrets(client, signer, ownerOf(id), byHand));

async function wrappedKeysOf(pool: Pool, id: number): Promise<{ card: Buffer; receiver: Buffer }> {
  const { rows } = await pool.query<{ card: Buffer; receiver: Buffer }>(
    `select k.wrapped_key as card, c.receiver_wrapped_key as receiver
     from card_order c join vault_data_key k using (environment, card_order_id) where card_order_id = $1`,
    [id],
  );
  assert.ok(rows[0]);
  return rows[0];
}

test('after shredding nothing opens, and a signed certificate says what was destroyed', async (t) => {
  const { pool } = await testDatabase(t);
  const vault = await fixedVault(1);
  for (const id of [1, 2]) {
    await storeOrder(pool, vault, ownerOf(id), 'cancelled');
    await storeCards(pool, vault, ownerOf(id), 1, someCards(3, `${id}-`));
  }
  const wrapped = await wrappedKeysOf(pool, 1);
  assert.deepEqual(await shred(pool, 1), { ok: true, classes: ['card', 'receiver'] });
  const reader = { ...ownerOf(1), actor: 'tester', purpose: 'test' };
  assert.deepEqual(await openCards(vault, transactionOn(pool), reader), { ok: false, why: 'shredded' });
  assert.deepEqual(await openReceiver(vault, transactionOn(pool), reader), { ok: false, why: 'shredded' });

  const certificates = await findCertificates(pool, ownerOf(1));
  assert.deepEqual(
    certificates.map((certificate) => certificate.class),
    ['card', 'receiver'],
  );
  for (const { class: secretClass, content, keyId, signature } of certificates) {
    assert.equal(keyId, 'test-key');
    assert.ok(verify(null, Buffer.from(content), publicKey, signature));
    const { shreddedAt, orderEndedAt, ...stated } = JSON.parse(content) as Record<string, string>;
    assert.match(String(shreddedAt), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.match(String(orderEndedAt), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual(stated, {
      ...byHand,
      cardOrderId: '1',
      class: secretClass,
      environment: 'daily',
      format: 'cardwright shredding certificate 1',
      makingCardNo: 'CWdaily1',
      masterKeyId: vault.keyId,
      orderState: 'cancelled',
      secrets: secretClass === 'card' ? '3' : '1',
      wrappedKeySha256: createHash('sha256')
        .update(wrapped[secretClass as 'card' | 'receiver'])
        .digest('hex'),
    });
    const keys = Object.keys(JSON.parse(content) as object);
    assert.deepEqual(keys, [...keys].sort());
  }
  const { rows } = await pool.query("select actor, detail from audit_event where action = 'vault.shredded'");
  assert.deepEqual(rows, [{ actor: 'tester', detail: { classes: ['card', 'receiver'], reason: 'by hand' } }]);
  const other = await openReceiver(vault, transactionOn(pool), { ...reader, ...ownerOf(2) });
  assert.ok(other.ok && other.receiver.reveal() === receiver, 'other orders keep theirs');
});

test('only what has ended is shredded, and once', async (t) => {
  const { pool } = await testDatabase(t);
  const vault = await fixedVault(1);
  await storeOrder(pool, vault, ownerOf(1));
  await storeOrder(pool, vault, ownerOf(2), 'cancelled');
  assert.deepEqual(await shred(pool, 1), { ok: false, why: 'not-ended' });
  assert.deepEqual(await shred(pool, 3), { ok: false, why: 'unknown-order' });
  const outcomes = await Promise.all([shred(pool, 2), shred(pool, 2), shred(pool, 2)]);
  assert.deepEqual(
    outcomes.filter((outcome) => outcome.ok),
    [{ ok: true, classes: ['receiver'] }],
  );
  assert.deepEqual(await shred(pool, 2), { ok: false, why: 'nothing-left' });
  assert.equal((await findCertificates(pool, ownerOf(1))).length, 0);
});

test('without certificate or audit row nothing is shredded', async (t) => {
  const { pool } = await testDatabase(t);
  const vault = await fixedVault(1);
  await storeOrder(pool, vault, ownerOf(1), 'cancelled');
  const broken: CertificateSigner = {
    sign: () => {
      throw new Error('no signing key');
    },
  };
  await assert.rejects(
    inTransaction(pool, (client) => shredSecrets(client, broken, ownerOf(1), byHand)),
    /no signing key/,
  );
  await pool.query('alter function append_audit_events rename to gone');
  await assert.rejects(shred(pool, 1), /append_audit_events/);
  await pool.query('alter function gone rename to append_audit_events');
  const reader = { ...ownerOf(1), actor: 'tester', purpose: 'test' };
  assert.ok((await openReceiver(vault, transactionOn(pool), reader)).ok);
});

test('the retention clock shreds what ended long enough ago, and nothing else', async (t) => {
  const { pool } = await testDatabase(t);
  const vault = await fixedVault(1);
  const endedDaysAgo = { 1: 31, 2: 29, 3: 400, 4: undefined } as const;
  for (const [id, days] of Object.entries(endedDaysAgo)) {
    const owner = ownerOf(Number(id));
    await storeOrder(pool, vault, owner, days === undefined ? 'received' : 'cancelled');
    await storeCards(pool, vault, owner, 1, someCards(1, `${id}-`));
    await pool.query(
      'update card_order set ended_at = now() - make_interval(days => $1) where card_order_id = $2',
      [days, id],
    );
  }
  // One that ended without secrets, and one whose receiver is gone already.
  await storeOrder(pool, vault, ownerOf(5), 'cancelled');
  await pool.query(`update card_order set ended_at = now() - interval '1 year', receiver_key_id = null,
    receiver_wrapped_key = null, receiver_sealed = null where card_order_id = 5`);
  await pool.query(`update card_order set receiver_key_id = null, receiver_wrapped_key = null, receiver_sealed = null,
    receiver_shredded_at = now() where card_order_id = 3`);
  assert.equal(await shredDue(transactionOn(pool), signer, 30, AbortSignal.abort()), 0);
  assert.equal(await shredDue(transactionOn(pool), signer, 30), 2);
  assert.equal(await shredDue(transactionOn(pool), signer, 30), 0);
  const { rows } = await pool.query(
    "select card_order_id as id, class, content::json ->> 'reason' as reason from shredding_certificate order by 1, 2",
  );
  const reason = '30 days after the end of the order';
  assert.deepEqual(rows, [
    { id: 1n, class: 'card', reason },
    { id: 1n, class: 'receiver', reason },
    { id: 3n, class: 'card', reason },
  ]);
});

/** Where in the files of this server's tables these bytes are; the WAL is not searched. */
async function filesWith(pool: Pool, bytes: readonly Buffer[]): Promise<string[]> {
  await pool.query('checkpoint');
  const { rows } = await pool.query<{ data_directory: string }>('show data_directory');
  const root = join(rows[0]?.data_directory ?? '', 'base');
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => {
      const content = readFileSync(file);
      return bytes.some((each) => content.includes(each));
    });
}

test('after shredding and scrubbing no table file holds the wrapped keys of cards', async (t) => {
  const { pool } = await testDatabase(t);
  const vault = await fixedVault(1);
  const ids = Array.from({ length: 300 }, (_, index) => index + 1);
  for (const id of ids) {
    await storeOrder(pool, vault, ownerOf(id), 'cancelled');
    await storeCards(pool, vault, ownerOf(id), 1, someCards(1, `${id}-`));
  }
  const doomed = ids.filter((id) => id % 2 === 0);
  const keys: Buffer[] = [];
  for (const id of doomed) keys.push((await wrappedKeysOf(pool, id)).card);
  const kept = (await wrappedKeysOf(pool, 1)).card;
  for (const id of doomed) await shred(pool, id);
  assert.notDeepEqual(await filesWith(pool, keys), [], 'old row versions are found where they are');
  assert.equal(await scrub(pool), true);
  assert.deepEqual(await filesWith(pool, keys), []);
  assert.equal((await filesWith(pool, [kept])).length, 1);
});

test('scrubbing gives way to whoever holds the table, and leaves the connection as it was', async (t) => {
  const { pool, openPool } = await testDatabase(t);
  await storeOrder(pool, await fixedVault(1), ownerOf(1), 'cancelled');
  const holder = await openPool({ maxConnections: 1 }).connect();
  await holder.query('begin; select from vault_data_key');
  const single = openPool({ maxConnections: 1, statementTimeoutMs: 7_000 });
  assert.equal(await scrub(single), true, 'nothing was shredded');
  await shred(pool, 1);
  assert.equal(await scrub(single), false);
  assert.equal((await findCertificates(pool, ownerOf(1)))[0]?.scrubbedAt, null);
  await holder.query('commit');
  holder.release();
  assert.equal(await scrub(single), true);
  assert.ok((await findCertificates(pool, ownerOf(1)))[0]?.scrubbedAt);
  const { rows } = await single.query(
    "select current_setting('statement_timeout') as st, current_setting('lock_timeout') as lt",
  );
  assert.deepEqual(rows, [{ st: '7s', lt: '0' }]);
});

test('copies from before a shredding lose their worth when the master key is rotated and the old one dropped', async (t) => {
  const { pool } = await testDatabase(t);
  const path = join(scratchFolder(t), 'vault.key');
  const vault = await fileVault(path);
  await storeOrder(pool, vault, ownerOf(1), 'cancelled');
  const { rows } = await pool.query<{ keyId: string; wrappedKey: Buffer; sealed: Buffer }>(
    `select receiver_key_id as "keyId", receiver_wrapped_key as "wrappedKey", receiver_sealed as sealed from card_order`,
  );
  const backup = rows[0];
  assert.ok(backup);
  const place = { ...ownerOf(1), column: 'receiver' } as const;
  await shred(pool, 1);
  assert.equal(await vault.open(place, backup), receiver, 'a backup still opens');
  await rotateVault(pool, vault, { actor: 'tester', dropOld: true, noticeMs: 0 });
  assert.equal(await (await fileVault(path)).open(place, backup), undefined);
});
