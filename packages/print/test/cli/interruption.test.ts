import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { done, type Ended, ended, newFolder, packageFile, recordsCsv, run, start, write } from './running.ts';

/** Sends the signal when `isTime`, and says how long the program took to end. */
async function stopped(
  child: ChildProcess,
  signal: NodeJS.Signals,
  isTime: () => boolean,
): Promise<Ended & { readonly afterMs: number }> {
  let signalledAtMs = Number.NaN;
  const end = ended(child);
  while (child.exitCode === null && !isTime()) await wait(2);
  if (child.exitCode === null) {
    signalledAtMs = performance.now();
    child.kill(signal);
  }
  return { ...(await end), afterMs: performance.now() - signalledAtMs };
}

suite('Ctrl-C', () => {
  const folder = newFolder();
  const hasPart = (name: string): boolean =>
    existsSync(join(folder, name)) &&
    readdirSync(join(folder, name)).some((file) => file.startsWith('.part-'));

  test('ends a run soon, whole files stay, and the same command goes on after them', async () => {
    write(folder, 'records.csv', recordsCsv(20_000));
    const press = JSON.parse(readFileSync(packageFile('samples/presses/one-up-600dpi.json'), 'utf8'));
    write(folder, 'press.json', JSON.stringify({ ...press, cardsPerFile: 1_000 }));
    const args = [
      'pdf',
      '--records',
      'records.csv',
      '--layout',
      'sample:code-card',
      '--press',
      'press.json',
      '--out',
      'cards',
    ];
    const { code, stdout, stderr, afterMs } = await stopped(start(args, folder), 'SIGINT', () =>
      existsSync(join(folder, 'cards/0002-print.pdf')),
    );
    assert.deepEqual([code, stdout], [130, '']);
    assert.match(stderr, /^run-interrupted: cards: SIGINT\. .*whole files stay · .*保留.*\n$/);
    assert.ok(afterMs < 5_000, `it took ${afterMs} ms`);
    assert.ok(!hasPart('cards'));
    const unfinished = await run(['verify', 'cards'], folder);
    assert.deepEqual([unfinished.code, unfinished.stderr], [1, '']);
    assert.match(unfinished.stdout, /^任务未完成 · the run is not complete\n/);
    const { filesKept, totals } = JSON.parse(done(await run([...args, '--json'], folder)));
    assert.ok(filesKept >= 1 && filesKept < 20, String(filesKept));
    assert.equal(totals.records, 20_000);
    assert.match(done(await run(['verify', 'cards'], folder)), /^完好 whole/);
  });

  test('leaves nothing of a personalisation file', async () => {
    write(folder, 'many.csv', recordsCsv(300_000));
    const args = [
      'perso',
      '--records',
      'many.csv',
      '--profile',
      'sample:line-csv',
      '--unencrypted',
      '--out',
      'perso',
    ];
    const { code, stderr } = await stopped(start(args, folder), 'SIGTERM', () => hasPart('perso'));
    assert.equal(code, 143);
    assert.match(stderr, /^file-interrupted: perso\/cards\.csv: SIGTERM\. .* · 已中断.*\n$/);
    assert.deepEqual(readdirSync(join(folder, 'perso')), []);
  });
});

test('a reader that stops early ends the program in silence', async () => {
  const child = start(['schema', 'layout'], newFolder());
  child.stdout!.destroy();
  const { code, stderr } = await ended(child);
  assert.deepEqual([code, stderr], [0, '']);
});
