import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { sealOf } from '../../src/file/file-seal.ts';
import { openWholeFile, removeLeftParts, writeWholeFile } from '../../src/file/whole-file.ts';

const folder = await mkdtemp(join(tmpdir(), 'whole-file-'));
after(() => rm(folder, { recursive: true }));
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('whole file', () => {
  it('has its name only once it is committed, with mode 0600, the bytes in order and their seal', async () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 50 }),
      fc.constant('x'.repeat(1 << 18)),
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const path = join(folder, `file-${run++}`);
        const file = await openWholeFile(path);
        for (const each of pieces) await file.write(each);
        await assert.rejects(stat(path), { code: 'ENOENT' });
        const seal = await file.commit();
        const expected = Buffer.concat(pieces.map((each) => Buffer.from(each as string)));
        assert.ok(expected.equals(await readFile(path)));
        assert.deepEqual(seal, { sha256: sha256(expected), bytes: expected.length });
        assert.deepEqual(await sealOf(path), seal);
        assert.equal((await stat(path)).mode & 0o777, 0o600);
      }),
      { numRuns: 12 },
    );
  });

  it('leaves nothing when aborted, and what was there before stays', async () => {
    const path = join(folder, 'kept');
    await writeWholeFile(path, 'before');
    const file = await openWholeFile(path);
    await file.write('after'.repeat(100_000));
    await file.abort();
    await file.abort();
    assert.equal(await readFile(path, 'utf8'), 'before');
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith('.part-')),
      [],
    );
    await assert.rejects(file.write('more'), /closed/);
  });

  it('does not let two writes overtake one another', async () => {
    const file = await openWholeFile(join(folder, 'twice'));
    const first = file.write('x'.repeat(1 << 19));
    await assert.rejects(file.write('y'), /writing/);
    await first;
    await file.abort();
  });

  it('never gives the name to a part that was replaced meanwhile', async () => {
    const path = join(folder, 'replaced');
    const file = await openWholeFile(path);
    await file.write('ours');
    const part = (await readdir(folder)).find((name) => name.endsWith('-replaced')) as string;
    await writeFile(join(folder, 'stranger'), 'theirs');
    await rename(join(folder, 'stranger'), join(folder, part));
    await assert.rejects(file.commit(), /replaced/);
    await assert.rejects(stat(path), { code: 'ENOENT' });
  });

  it('is only a part after kill -9, which the next run takes away', async () => {
    const path = join(folder, 'killed');
    const script = `
      import { openWholeFile } from ${JSON.stringify(new URL('../../src/file/whole-file.ts', import.meta.url).href)};
      const file = await openWholeFile(${JSON.stringify(path)});
      await file.write(new Uint8Array(1 << 20));
      process.stdout.write('written');
      setInterval(() => {}, 1000);`;
    const writer = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script]);
    await once(writer.stdout, 'data');
    assert.deepEqual(await removeLeftParts(folder), [], 'a living process keeps its part');
    writer.kill('SIGKILL');
    await once(writer, 'exit');
    await assert.rejects(stat(path), { code: 'ENOENT' });
    const ours = await openWholeFile(join(folder, 'ours'));
    const left = await removeLeftParts(folder);
    assert.equal(left.length, 1);
    assert.match(left[0] as string, /^\.part-\d+-1-killed$/);
    await ours.commit();
  });
});
