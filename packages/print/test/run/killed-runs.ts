import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseManifest, type RunManifest } from '../../src/imposition/manifest.ts';
import { verifyManifest } from '../../src/imposition/verify.ts';
import { printRun } from '../../src/run/print-run.ts';
import { filesIn, inNewFolder } from './jobs.ts';
import { type ManyFilesKind, manyFiles } from './many-files.ts';

export const script = fileURLToPath(new URL('./print-process.ts', import.meta.url));
export type Files = ReadonlyMap<string, Buffer>;

export function assertSame(found: Files, expected: Files): void {
  assert.deepEqual([...found.keys()], [...expected.keys()]);
  for (const [name, bytes] of found) assert.ok(bytes.equals(expected.get(name)!), name);
}

/** The files of `manyFiles`, made in one go. */
export async function undisturbed(kind: ManyFilesKind): Promise<Files> {
  return inNewFolder(async (folder) => {
    await printRun(manyFiles(folder, kind), { threads: 0 });
    return filesIn(folder);
  });
}

/** What a manifest in the folder lists; none before the first file. */
export async function listedIn(folder: string): Promise<RunManifest['files']> {
  const names = await readdir(folder);
  return names.includes('manifest.json')
    ? parseManifest(await readFile(join(folder, 'manifest.json'), 'utf8')).files
    : [];
}

/** Whatever has its name is whole; whatever is listed is there. */
export async function assertNothingPartial(folder: string, expected: Files): Promise<void> {
  for (const [name, bytes] of await filesIn(folder)) {
    if (name.startsWith('.part-') || name === 'manifest.json') continue;
    assert.ok(bytes.equals(expected.get(name)!), `${name} has its name and is not whole`);
  }
  if ((await listedIn(folder)).length === 0) return;
  const problems = await verifyManifest(join(folder, 'manifest.json'));
  assert.deepEqual(
    problems.filter(({ kind }) => kind !== 'unfinished'),
    [],
  );
}

export interface Kill {
  /** When it has printed so many records, those of files that were there included, … */
  readonly afterRecords: number;
  /** … and then so much later. */
  readonly delayMs: number;
}

/** Starts the run as a process and kills it. False where it was done before that. */
export async function killedRun(
  folder: string,
  kind: ManyFilesKind,
  threads: number,
  { afterRecords, delayMs }: Kill,
): Promise<boolean> {
  const child = spawn(process.execPath, [script, folder, kind, `${threads}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'cardwright-print-cli-compiled') },
  });
  const exited = once(child, 'exit');
  let said = '';
  let isDue = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (isDue || Number(/(\d+)\n$/.exec(said)?.[1] ?? -1) < afterRecords) return;
    isDue = true;
    void wait(delayMs, undefined, { ref: false }).then(() => child.kill('SIGKILL'));
  });
  await exited;
  return !said.includes('done');
}
