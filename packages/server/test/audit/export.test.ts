import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { loadSigner, readPublicKeys } from '../../src/audit/signing-key.ts';
import { ExportRefusal, type VerifyExportOptions, verifyExport } from '../../src/audit/verify-export.ts';
import { appendToOneChain, openLog, perform, someActs, type TestLog, wordsOf } from './log.ts';

async function openSignedLog(t: TestContext): Promise<TestLog & { lines: string[] }> {
  const log = await openLog(t);
  for (const acts of fc.sample(someActs, { numRuns: 3 })) {
    await appendToOneChain(log.pool, 3);
    await perform(log.pool, acts);
    await log.checkpoint();
  }
  const lines = readFileSync(await log.exportTo('whole.jsonl'), 'utf8')
    .trimEnd()
    .split('\n');
  return { ...log, lines };
}

/** Writes lines as an export whose checksum and counts are right, as a forger would. */
function forge(log: TestLog, body: readonly string[]): string {
  const text = `${body.join('\n')}\n`;
  const count = (kind: string): number => body.filter((line) => line.startsWith(`{"${kind}":`)).length;
  const sha256 = createHash('sha256').update(text).digest('hex');
  const footer = { events: count('event'), checkpoints: count('checkpoint'), sha256 };
  const path = join(log.folder, 'forged.jsonl');
  writeFileSync(path, `${text}${JSON.stringify({ footer })}\n`);
  return path;
}

test('every change of a line, its place or its number is found, although the checksum was made right', async (t) => {
  const log = await openSignedLog(t);
  const body = log.lines.slice(0, -1);
  const options: VerifyExportOptions = {
    keys: readPublicKeys(join(log.folder, 'audit.pub.pem')),
    copyPath: log.parts.copyPath,
  };
  assert.deepEqual(wordsOf(await verifyExport(forge(log, body), options)), []);
  const index = fc.nat(body.length - 2).map((one) => one + 1);
  const change = fc.constantFrom('delete', 'exchange', 'repeat', 'edit');
  await fc.assert(
    fc.asyncProperty(index, index, change, fc.nat(), async (a, b, kind, where) => {
      const changed = [...body];
      const [one = '', other = ''] = [body[a], body[b]];
      if (kind === 'delete') changed.splice(a, 1);
      if (kind === 'repeat') changed.splice(b, 0, one);
      if (kind === 'exchange') [changed[a], changed[b]] = [other, one];
      if (kind === 'edit') changed[a] = editValue(one, where);
      fc.pre(meaningOf(changed) !== meaningOf(body));
      const { findings } = await verifyExport(forge(log, changed), options);
      assert.notDeepEqual(findings, [], `${kind} ${a} ${b}`);
    }),
    { numRuns: 300 },
  );
});

/** Changes one character of a line to another. */
const editValue = (line: string, where: number): string => {
  const at = where % line.length;
  return `${line.slice(0, at)}${line[at] === '7' ? '8' : '7'}${line.slice(at + 1)}`;
};

/**
 * What the lines say: events of different chains between two checkpoints have no order, nor have the ends of the
 * chains, nor matters a member that nobody reads.
 */
function meaningOf(lines: readonly string[]): string {
  const segments: string[][] = [[]];
  const chains = new Map<unknown, string>();
  const close = (): void => {
    segments.push([...chains.values()].sort());
    chains.clear();
  };
  for (const line of lines) {
    const chain = /^\{"event":\["[^"]*",(\d+),/.exec(line)?.[1];
    if (chain !== undefined) chains.set(chain, `${chains.get(chain) ?? ''}\n${line}`);
    else if (line.startsWith('{"head":')) chains.set(line, line);
    else {
      close();
      segments.push([line]);
    }
  }
  close();
  return JSON.stringify(segments);
}

test('a changed byte without a right checksum is found, a cut export is refused', async (t) => {
  const log = await openSignedLog(t);
  const whole = readFileSync(join(log.folder, 'whole.jsonl'));
  const path = join(log.folder, 'changed.jsonl');
  const verify = (bytes: Uint8Array): ReturnType<typeof verifyExport> => {
    writeFileSync(path, bytes);
    return verifyExport(path);
  };
  const isRefusedOrFound = async (bytes: Uint8Array): Promise<boolean> => {
    try {
      return (await verify(bytes)).findingCount > 0;
    } catch (error) {
      assert.match((error as Error).message, /·/);
      return true;
    }
  };
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ mask;
      assert.ok(await isRefusedOrFound(changed), `byte ${at} ^ ${mask}`);
    }),
    { numRuns: 200 },
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), (at) =>
      assert.rejects(verify(whole.subarray(0, at)), ExportRefusal),
    ),
    { numRuns: 100 },
  );
  await assert.rejects(verify(Buffer.concat([whole, Buffer.from('{}\n')])), /follows the end/);
  const packed = readFileSync(await log.exportTo('whole.jsonl.gz'));
  // But for the time of the export.
  assert.deepEqual(gunzipSync(packed).toString().split('\n').slice(1, -2), log.lines.slice(1, -1));
  const packedPath = join(log.folder, 'cut.jsonl.gz');
  for (const share of [0.2, 0.6, 0.99]) {
    writeFileSync(packedPath, packed.subarray(0, Math.floor(packed.length * share)));
    await assert.rejects(verifyExport(packedPath), ExportRefusal);
  }
  await assert.rejects(verifyExport(join(log.folder, 'absent.jsonl.gz')), { code: 'ENOENT' });
});

test('an export that holds a signature of another key than the trusted one is found', async (t) => {
  const log = await openSignedLog(t);
  const stranger = loadSigner({
    kind: 'environment',
    base64: Buffer.alloc(32, 9).toString('base64'),
    setting: 'TEST',
  });
  const keys = new Map([[stranger.keyId, stranger.publicKey]]);
  const { findings } = await verifyExport(join(log.folder, 'whole.jsonl'), { keys });
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    ['checkpoint-key', 'checkpoint-key', 'checkpoint-key'],
  );
});

test('an older export stays whole beside a newer copy; a copy of another time is not asked of it', async (t) => {
  const log = await openSignedLog(t);
  const older = join(log.folder, 'older.jsonl');
  copyFileSync(join(log.folder, 'whole.jsonl'), older);
  await appendToOneChain(log.pool, 1);
  await log.checkpoint();
  const found = await verifyExport(older, { copyPath: log.parts.copyPath });
  assert.deepEqual([wordsOf(found), found.checkpoints], [[], 3]);
});

test('an export of selected events holds just these and says that it cannot be verified', async (t) => {
  const log = await openSignedLog(t);
  const path = await log.exportTo('order.jsonl', { cardOrderId: '2' });
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const orders = lines.slice(1, -1).map((line) => (JSON.parse(line) as { event: unknown[] }).event[7]);
  assert.ok(orders.length >= 3 && orders.every((order) => order === '2'), JSON.stringify(orders));
  await assert.rejects(verifyExport(path), /selected events only/);
  const none = await log.exportTo('future.jsonl', { since: new Date(Date.now() + 60_000) });
  assert.equal(readFileSync(none, 'utf8').trimEnd().split('\n').length, 2);
});
