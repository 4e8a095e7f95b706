import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { verifyExport } from '../../src/audit/verify-export.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { appendToOneChain, openLog, perform, someActs, type TestLog, wordsOf } from './log.ts';
import { checkpointTamperings, eventTamperings, type Tampering } from './tampering.ts';

test('whatever several connections append at once is whole, in the database and in an export', async (t) => {
  const log = await openLog(t);
  let committed = 0;
  await fc.assert(
    fc.asyncProperty(someActs, fc.boolean(), async (acts, isSigned) => {
      committed += await perform(log.pool, acts);
      if (isSigned) await log.checkpoint();
      const found = await log.verify();
      assert.deepEqual(wordsOf(found), []);
      assert.equal(found.events, committed);
    }),
    { numRuns: 15 },
  );
  const { rows } = await log.pool.query<{ chains: bigint }>(
    'select count(distinct chain_no) as chains from audit_event',
  );
  assert.ok((rows[0]?.chains ?? 0n) > 1n, 'transactions at the same time use different chains');
  for (const name of ['audit.jsonl', 'audit.jsonl.gz']) {
    const exported = await verifyExport(await log.exportTo(name));
    assert.deepEqual(wordsOf(exported), []);
    assert.equal(exported.events, committed);
    assert.deepEqual([exported.keysFrom, exported.keyIds], ['export', [log.parts.signer.keyId]]);
  }
});

test('the database itself refuses changes of the log, also to those who turn triggers off for their session', async (t) => {
  const { pool } = await openLog(t);
  await appendToOneChain(pool, 2);
  for (const sql of [
    "update audit_event set actor = 'x'",
    'delete from audit_event',
    'truncate audit_event',
    'delete from audit_checkpoint',
    'set session_replication_role = replica; delete from audit_event',
  ])
    await assert.rejects(pool.query(sql), { code: 'CW001' }, sql);
});

/** Three checkpoints over one long chain and random others, and events after the last. */
async function openSignedLog(t: TestContext): Promise<TestLog & { ids: readonly bigint[] }> {
  const log = await openLog(t);
  const chain = await appendToOneChain(log.pool, 6);
  for (const acts of fc.sample(someActs, { numRuns: 3 })) {
    await perform(log.pool, acts);
    await perform(log.pool, [{ first: [{ actor: 'a', action: 'b' }], second: [], isRolledBack: false }]);
    await log.checkpoint();
  }
  const { rows } = await log.pool.query<{ id: bigint }>(
    'select audit_event_id as id from audit_event where chain_no = $1 and chain_seq in (1, 2, 5) order by 1',
    [chain],
  );
  await log.pool.query('alter table audit_event disable trigger user');
  await log.pool.query('alter table audit_checkpoint disable trigger user');
  assert.deepEqual(
    wordsOf(await log.verify()).map((words) => words.split(':')[0]),
    ['audit_event', 'audit_checkpoint'],
    'that the guards are off is found by itself',
  );
  return { ...log, ids: rows.map(({ id }) => id) };
}

/** Tampers, looks, and puts everything back. */
async function tampered(
  log: TestLog,
  { sql, name }: Tampering,
  id: bigint,
  look: () => Promise<void>,
): Promise<void> {
  const kept = await log.pool.query<{ texts: string }>(snapshotSql);
  await inTransaction(log.pool, async (client) => {
    for (const statement of sql) {
      const text = statement.replaceAll('= ID', `= ${id}`);
      const { rowCount, command } = await client.query(text, text.includes('$1') ? [String(id)] : []);
      assert.ok(command === 'ALTER' || (rowCount ?? 0) > 0, `${name}: ${text} changed nothing`);
    }
  });
  await look();
  await log.pool.query(restoreSql);
  assert.deepEqual((await log.pool.query(snapshotSql)).rows, kept.rows);
}

const tables = ['audit_event', 'audit_chain', 'audit_checkpoint', 'audit_log'] as const;
const snapshotSql = tables
  .map(
    (table) => `select md5(string_agg(t::text, ',' order by t::text collate "C")) as texts from ${table} t`,
  )
  .join(' union all ');
const restoreSql = tables
  .map(
    (table) =>
      `delete from ${table}; insert into ${table} ${table === 'audit_event' ? 'overriding system value ' : ''}table kept_${table}`,
  )
  .join('; ');
const keepSql = tables.map((table) => `create table kept_${table} as table ${table}`).join('; ');

test('each single tampering with events is found, in the database and in an export of it', async (t) => {
  const log = await openSignedLog(t);
  await log.pool.query(keepSql);
  for (const tampering of eventTamperings) {
    for (const id of log.ids) {
      await tampered(log, tampering, id, async () => {
        const found = (await log.verify()).findings.filter(({ kind }) => kind !== 'guard-off');
        const place = `${tampering.name} of ${id}: ${JSON.stringify(found)}`;
        assert.ok(
          found.some(({ kind }) => tampering.kinds.includes(kind)),
          place,
        );
        const exported = await verifyExport(await log.exportTo('tampered.jsonl'));
        assert.deepEqual(exported.findings, found, place);
      });
    }
  }
});

test('each single tampering with checkpoints is found, in the database and in an export of it', async (t) => {
  const log = await openSignedLog(t);
  await log.pool.query(keepSql);
  for (const tampering of checkpointTamperings) {
    await tampered(log, tampering, 1n, async () => {
      const { findings } = await log.verify();
      const place = `${tampering.name}: ${JSON.stringify(findings)}`;
      assert.ok(
        findings.some(({ kind }) => tampering.kinds.includes(kind)),
        place,
      );
      const isInCopy = findings.some(({ kind }) => kind.startsWith('copy-'));
      assert.equal(isInCopy, tampering.isInCopy ?? false, place);
      const copyPath = log.parts.copyPath;
      const exported = await verifyExport(await log.exportTo('tampered.jsonl'), { copyPath });
      assert.deepEqual(
        exported.findings,
        findings.filter(({ kind }) => kind !== 'guard-off'),
        place,
      );
    });
  }
});

test('the last checkpoints deleted, with all that they cover, are found by the copy alone', async (t) => {
  const log = await openSignedLog(t);
  await log.pool.query('delete from audit_checkpoint where audit_checkpoint_id > 1');
  const found = (await log.verify()).findings.filter(({ kind }) => kind !== 'guard-off');
  assert.deepEqual(found, [
    { kind: 'copy-without-original', checkpoint: '2' },
    { kind: 'copy-without-original', checkpoint: '3' },
  ]);
  await appendToOneChain(log.pool, 1);
  await assert.rejects(log.checkpoint(), /has checkpoint 3, the database ends at 2/);
});

test('a finding names the place, and one wrong event does not hide the next', async (t) => {
  const log = await openLog(t);
  const chain = await appendToOneChain(log.pool, 20);
  await log.pool.query('alter table audit_event disable trigger user');
  await log.pool.query("update audit_event set actor = 'x' where chain_seq in (3, 11)");
  await log.pool.query('delete from audit_event where chain_seq in (6, 7)');
  const { findings, findingCount } = await log.verify();
  assert.deepEqual(findings.slice(1), [
    { kind: 'event-changed', chain, seq: '3' },
    { kind: 'event-missing', chain, seq: '6', lastSeq: '7' },
    { kind: 'event-changed', chain, seq: '11' },
  ]);
  assert.equal(findingCount, 4);
});
