import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { signCheckpoint } from '../../src/audit/checkpoint.ts';
import { readCopies } from '../../src/audit/checkpoint-copy.ts';
import { composeCheckpoint, parseCheckpoint } from '../../src/audit/checkpoint-text.ts';
import { keyIdOf, loadSigner, readPublicKeys } from '../../src/audit/signing-key.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { GiveUp } from '../../src/work.ts';
import { appendToOneChain, openLog, wordsOf } from './log.ts';

const otherSigner = () =>
  loadSigner({ kind: 'environment', base64: Buffer.alloc(32, 7).toString('base64'), setting: 'TEST' });

test('a checkpoint is signed only where something was appended, and says what the chains say', async (t) => {
  const log = await openLog(t);
  assert.equal(await log.checkpoint(), undefined, 'an empty log');
  const chain = await appendToOneChain(log.pool, 3);
  const first = await log.checkpoint();
  assert.equal(await log.checkpoint(), undefined);
  await appendToOneChain(log.pool, 1);
  const second = await log.checkpoint();
  const content = parseCheckpoint(first?.text ?? '');
  assert.equal(content?.heads[chain]?.seq, 3n);
  assert.deepEqual([first?.number, second?.number], ['1', '2']);
  const found = await log.verify();
  assert.deepEqual(
    [wordsOf(found), found.checkpoints, found.signedUpTo?.number, found.eventsAfterIt],
    [[], 2, '2', 0],
  );
  await appendToOneChain(log.pool, 2);
  assert.equal((await log.verify()).eventsAfterIt, 2);
});

test('many processes that sign at once leave one line of checkpoints and one copy', async (t) => {
  const log = await openLog(t);
  for (let round = 0; round < 4; round += 1)
    await Promise.all([appendToOneChain(log.pool, 2), log.checkpoint(), log.checkpoint(), log.checkpoint()]);
  await log.checkpoint();
  const found = await log.verify();
  assert.deepEqual(wordsOf(found), []);
  const copies = await readCopies(log.parts.copyPath);
  assert.deepEqual([copies.digests.size, copies.findings], [found.checkpoints, []]);
});

test('a copy that a crash cut off is repaired, one that was lost is made again', async (t) => {
  const log = await openLog(t);
  const { copyPath } = log.parts;
  for (let round = 0; round < 2; round += 1) {
    await appendToOneChain(log.pool, 1);
    await log.checkpoint();
  }
  const whole = readFileSync(copyPath, 'utf8');
  for (const torn of [whole.slice(0, -1), whole.slice(0, -200), whole.slice(0, 100), '']) {
    writeFileSync(copyPath, torn);
    assert.deepEqual(wordsOf(await log.verify()), [], 'a line that is not whole is nothing wrong');
    await log.checkpoint();
    assert.equal(readFileSync(copyPath, 'utf8'), whole);
  }
  assert.equal(statSync(copyPath).mode & 0o777, 0o600);
  appendFileSync(copyPath, 'nonsense\n{"number":"9"}\n');
  assert.match(wordsOf(await log.verify()).join('\n'), /line 3: .*unreadable/);
  await assert.rejects(log.checkpoint(), GiveUp);
});

test('what was changed since the last checkpoint is found when the next is signed', async (t) => {
  const log = await openLog(t);
  await appendToOneChain(log.pool, 3);
  await log.checkpoint();
  const chain = await appendToOneChain(log.pool, 3);
  await log.pool.query('alter table audit_event disable trigger user');
  const last =
    "update audit_event set action = 'other' where audit_event_id = (select max(audit_event_id) from audit_event)";
  await log.pool.query(last);
  await assert.rejects(log.checkpoint(), new RegExp(`chain ${chain}, .*event \\d: .*changed`));
  const { rows } = await log.pool.query('select from audit_checkpoint');
  assert.equal(rows.length, 2, 'what there is is signed all the same, so that no more can be changed');
  assert.equal(await log.checkpoint(), undefined);
});

test('a forged last checkpoint is not built upon unnoticed', async (t) => {
  const log = await openLog(t);
  await appendToOneChain(log.pool, 3);
  const first = await log.checkpoint();
  await log.pool.query('alter table audit_checkpoint disable trigger user');
  const content = parseCheckpoint(first?.text ?? '');
  assert.ok(content);
  const forger = otherSigner();
  const text = composeCheckpoint({ ...content, keyId: forger.keyId, atUs: content.atUs + 1n });
  await log.pool.query('update audit_checkpoint set signed_text = $1, key_id = $2, signature = $3', [
    text,
    forger.keyId,
    forger.sign(text).signature,
  ]);
  await appendToOneChain(log.pool, 1);
  await assert.rejects(log.checkpoint(), /signature of the checkpoint is wrong/);
});

test('a change of the signing key keeps earlier checkpoints verifiable', async (t) => {
  const log = await openLog(t);
  await appendToOneChain(log.pool, 1);
  await log.checkpoint();
  await appendToOneChain(log.pool, 1);
  const other = otherSigner();
  await signCheckpoint((work) => inTransaction(log.pool, work), { ...log.parts, signer: other });
  assert.deepEqual(wordsOf(await log.verify()), []);
  const kept = readPublicKeys(join(log.folder, 'audit/public-keys.pem'));
  assert.deepEqual([...kept.keys()], [log.parts.signer.keyId, other.keyId]);
});

test('the signing key is made once, whole, for its owner only', async (t) => {
  const { folder, parts } = await openLog(t);
  const path = join(folder, 'audit.key');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(loadSigner({ kind: 'file', path }).keyId, parts.signer.keyId);
  const [keyId] = [...readPublicKeys(join(folder, 'audit.pub.pem')).keys()];
  assert.equal(keyId, parts.signer.keyId);
  assert.equal(keyIdOf(parts.signer.publicKey), keyId);
  writeFileSync(join(folder, 'open.key'), readFileSync(path), { mode: 0o644 });
  assert.throws(() => loadSigner({ kind: 'file', path: join(folder, 'open.key') }), /chmod 600/);
  writeFileSync(join(folder, 'bad.key'), 'nonsense', { mode: 0o600 });
  assert.throws(() => loadSigner({ kind: 'file', path: join(folder, 'bad.key') }), /no private key/);
  const short = { kind: 'environment', base64: 'AAAA', setting: 'auditKey' } as const;
  assert.throws(() => loadSigner(short), /auditKey must hold 32 bytes in base64, it holds 3/);
});
