import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { manifestText, parseManifest } from '../../src/imposition/manifest.ts';
import { verifyManifest } from '../../src/imposition/verify.ts';
import { Refusal } from '../../src/refusal.ts';
import { type PrintJob, printRun } from '../../src/run/print-run.ts';
import { filesIn, inNewFolder, recordsOf, sampleLayout } from './jobs.ts';
import {
  assertNothingPartial,
  assertSame,
  type Files,
  killedRun,
  listedIn,
  script,
  undisturbed,
} from './killed-runs.ts';
import { manyFiles } from './many-files.ts';

for (const kind of ['cards', 'sheets'] as const)
  suite(`a run of many files of ${kind}`, () => {
    let whole: Files;
    before(async () => {
      whole = await undisturbed(kind);
    });

    test('comes out whole, every file a sound PDF', async () => {
      const outputs = kind === 'cards' ? 1 : 2;
      assert.equal([...whole.keys()].filter((name) => name.endsWith('.pdf')).length, 10 * outputs);
      assert.equal(whole.size, 10 * outputs + 2);
      await inNewFolder(async (folder) => {
        for (const [name, bytes] of whole) await writeFile(join(folder, name), bytes);
        assert.deepEqual(await verifyManifest(join(folder, 'manifest.json')), []);
        for (const name of [...whole.keys()].filter((file) => file.startsWith('0010')))
          execFileSync('qpdf', ['--check', join(folder, name)]);
      });
    });

    test('goes on after its last whole file, however often it is killed, and ends as if it never had been', async () => {
      await inNewFolder(async (folder) => {
        let kills = 0;
        for (let round = 0; round < 4; round++) {
          const kill = { afterRecords: Math.random() * 900, delayMs: Math.random() * 20 };
          if (!(await killedRun(folder, kind, round % 2 === 0 ? 0 : 2, kill))) break;
          kills += 1;
          await assertNothingPartial(folder, whole);
        }
        assert.ok(kills > 0);
        const listed = await listedIn(folder);
        const { filesKept } = await printRun(manyFiles(folder, kind), { threads: 0 });
        assert.equal(filesKept, listed.length);
        assertSame(await filesIn(folder), whole);
      });
    });

    test('makes anew what was changed, cut or taken away, and what follows', async () => {
      const hurts: Record<string, (path: string) => Promise<void>> = {
        changed: async (path) => {
          const bytes = await readFile(path);
          bytes[bytes.length >> 1]! ^= 1;
          await writeFile(path, bytes);
        },
        cut: async (path) => writeFile(path, (await readFile(path)).subarray(0, -1)),
        gone: (path) => rm(path),
      };
      for (const hurt of Object.values(hurts))
        await inNewFolder(async (folder) => {
          for (const [name, bytes] of whole) await writeFile(join(folder, name), bytes);
          await hurt(join(folder, '0008-print.pdf'));
          const { filesKept } = await printRun(manyFiles(folder, kind), { threads: 0 });
          assert.equal(filesKept, kind === 'cards' ? 7 : 14);
          assertSame(await filesIn(folder), whole);
        });
    });

    test('goes on where it was stopped between a file’s name and the manifest', async () => {
      await inNewFolder(async (folder) => {
        for (const [name, bytes] of whole) await writeFile(join(folder, name), bytes);
        const { places: _, ...manifest } = parseManifest(String(whole.get('manifest.json')));
        const files = manifest.files.filter(({ fileNo }) => fileNo <= 7);
        await writeFile(
          join(folder, 'manifest.json'),
          manifestText({ ...manifest, status: 'running', files }),
        );
        await rm(join(folder, 'places.csv'));
        for (const { name, fileNo } of manifest.files)
          if (fileNo > 8 || (fileNo === 8 && name.includes('scratch'))) await rm(join(folder, name));
        const { filesKept } = await printRun(manyFiles(folder, kind), { threads: 0 });
        assert.equal(filesKept, files.length);
        assertSame(await filesIn(folder), whole);
      });
    });

    test('leaves nothing partial where the disk takes no more', async () => {
      await inNewFolder(async (folder) => {
        for (const threads of [0, 2]) {
          const limited = `ulimit -f 100; exec "$0" "$@"`;
          const said = execFileSync('bash', [
            '-c',
            limited,
            process.execPath,
            script,
            folder,
            kind,
            `${threads}`,
          ]);
          assert.match(String(said), /EFBIG/);
          assert.deepEqual(await readdir(folder), []);
        }
      });
    });
  });

suite('a folder', () => {
  test('with another job is refused and left as it is', async () => {
    await inNewFolder(async (folder) => {
      const job = manyFiles(folder, 'cards');
      const { columns } = job.records;
      const rows = [columns.map(() => '1')];
      const small = {
        ...job,
        layout: sampleLayout('minimal'),
        records: recordsOf(columns, [...rows, ...rows]),
      };
      await printRun(small);
      const former = await filesIn(folder);
      const others: readonly Partial<PrintJob>[] = [
        { layout: sampleLayout('minimal', { name: 'other' }) },
        { press: { ...small.press, dotsPerInch: 1200 } },
        { records: recordsOf(columns, rows) },
        { records: recordsOf(columns, [...rows, columns.map(() => '2')]) },
        { isProof: true },
      ];
      for (const other of others) {
        await assert.rejects(
          printRun({ ...small, ...other }),
          (error) => error instanceof Refusal && error.code === 'run-folder-taken',
        );
        assertSame(await filesIn(folder), former);
      }
    });
  });

  test('that another run writes into is refused, in this process and in another, and that run comes to its end', async () => {
    const whole = await undisturbed('cards');
    const busy = (error: unknown): boolean => error instanceof Refusal && error.code === 'run-folder-busy';
    await inNewFolder(async (folder) => {
      let second: Promise<unknown> | undefined;
      const onProgress = ({ phase }: { phase: string }): void => {
        if (phase === 'printing')
          second ??= assert.rejects(printRun(manyFiles(folder, 'cards'), { threads: 0 }), busy);
      };
      await printRun(manyFiles(folder, 'cards'), { threads: 0, onProgress });
      await second;
      assertSame(await filesIn(folder), whole);
    });
    await inNewFolder(async (folder) => {
      const child = spawn(process.execPath, [script, folder, 'cards', '0'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      await once(child.stdout, 'data');
      child.kill('SIGSTOP');
      await assert.rejects(printRun(manyFiles(folder, 'cards'), { threads: 0 }), busy);
      child.kill('SIGCONT');
      child.stdout.resume();
      await ended;
      assertSame(await filesIn(folder), whole);
    });
  });

  test('with a manifest that nobody understands is refused and left as it is', async () => {
    await inNewFolder(async (folder) => {
      await writeFile(join(folder, 'manifest.json'), '{"version":1');
      const refused = (error: unknown): boolean =>
        error instanceof Refusal && error.code === 'manifest-malformed';
      await assert.rejects(printRun(manyFiles(folder, 'cards')), refused);
      assert.deepEqual([...(await filesIn(folder)).values()].map(String), ['{"version":1']);
    });
  });

  test('with parts of a process that is dead is cleared of them', async () => {
    await inNewFolder(async (folder) => {
      const child = spawn(process.execPath, ['-e', '']);
      await once(child, 'exit');
      await writeFile(join(folder, `.part-${child.pid}-1-0001-print.pdf`), 'half');
      const { columns } = manyFiles(folder, 'cards').records;
      const records = recordsOf(columns, [columns.map(() => '1')]);
      await printRun({ ...manyFiles(folder, 'cards'), layout: sampleLayout('minimal'), records });
      assert.deepEqual(
        [...(await filesIn(folder)).keys()],
        ['0001-print.pdf', 'manifest.json', 'places.csv'],
      );
    });
  });

  test('that cannot be made or written in is an error, and nothing is left', async () => {
    await inNewFolder(async (folder) => {
      await writeFile(join(folder, 'file'), '');
      await assert.rejects(printRun(manyFiles(join(folder, 'file'), 'cards')), { code: 'ENOTDIR' });
      await mkdir(join(folder, 'taken', 'places.csv'), { recursive: true });
      const job = manyFiles(join(folder, 'taken'), 'cards');
      await assert.rejects(printRun({ ...job, layout: sampleLayout('minimal') }), {
        code: /^(EISDIR|ENOTEMPTY|EEXIST)$/,
      });
      assert.ok((await readdir(join(folder, 'taken'))).every((name) => !name.startsWith('.part-')));
    });
  });
});

suite('a signal', () => {
  const reason = new Error('enough');
  test('stops a run between two tasks; it goes on when it is run again', async () => {
    const whole = await undisturbed('cards');
    for (const threads of [0, 2])
      await inNewFolder(async (folder) => {
        const abort = new AbortController();
        const onProgress = ({ phase, records }: { phase: string; records: number }): void => {
          if (phase === 'printing' && records >= 1_000) abort.abort(reason);
        };
        const job = manyFiles(folder, 'cards');
        await assert.rejects(printRun(job, { threads, signal: abort.signal, onProgress }), reason);
        const names = await readdir(folder);
        assert.ok(
          names.length > 3 && names.length < whole.size && names.every((name) => !name.startsWith('.')),
          String(names),
        );
        await assertNothingPartial(folder, whole);
        // Another day: the run keeps the date that it began with.
        const later = { ...job, createdAt: '2031-01-01T00:00:00Z', dateText: 'another day' };
        await printRun(later, { threads });
        assertSame(await filesIn(folder), whole);
      });
  });

  test('that was given before anything began, or while records are counted, leaves no folder', async () => {
    await inNewFolder(async (folder) => {
      const job = manyFiles(join(folder, 'new'), 'cards');
      await assert.rejects(printRun(job, { signal: AbortSignal.abort(reason) }), reason);
      const abort = new AbortController();
      const onProgress = (): void => abort.abort(reason);
      await assert.rejects(printRun(job, { signal: abort.signal, onProgress }), reason);
      assert.deepEqual(await readdir(folder), []);
    });
  });
});

test('a run that is complete is complete when it is run again', async () => {
  await inNewFolder(async (folder) => {
    await printRun(manyFiles(join(folder, 'one'), 'sheets'), { threads: 0 });
    await cp(join(folder, 'one'), join(folder, 'two'), { recursive: true });
    const { filesKept, manifest } = await printRun(manyFiles(join(folder, 'two'), 'sheets'));
    assert.deepEqual([filesKept, manifest.status], [20, 'complete']);
    assertSame(await filesIn(join(folder, 'two')), await filesIn(join(folder, 'one')));
  });
});
