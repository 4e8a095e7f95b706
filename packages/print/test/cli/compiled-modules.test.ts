import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { newFolder, packageFile } from './running.ts';

/** The version, as printed by a program that has its caches in this folder. */
function version(caches: string, settings: Readonly<Record<string, string>> = {}): string {
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  return execFileSync(process.execPath, [packageFile('bin/cardwright-print.js'), '--version'], {
    env: { ...env, XDG_CACHE_HOME: caches, ...settings },
    encoding: 'utf8',
  });
}

test('compiled modules are kept in a folder that is only the user’s', () => {
  const caches = join(newFolder(), 'caches');
  const first = version(caches);
  const kept = join(caches, 'cardwright');
  assert.ok(readdirSync(kept).length > 0);
  assert.equal(statSync(kept).mode & 0o777, 0o700);
  assert.equal(version(caches), first);
});

test('a folder that others could write to, one behind a link, and what is no folder are left alone', () => {
  const makes: Record<string, (path: string) => void> = {
    open: (path) => {
      mkdirSync(path);
      chmodSync(path, 0o777);
    },
    linked: (path) => {
      mkdirSync(`${path}-elsewhere`);
      symlinkSync(`${path}-elsewhere`, path);
    },
  };
  for (const make of Object.values(makes)) {
    const caches = newFolder();
    const folder = join(caches, 'cardwright');
    make(folder);
    assert.match(version(caches), /^\d/);
    assert.deepEqual(readdirSync(folder), []);
  }
  assert.match(version('/dev/null'), /^\d/);
});

test('Node’s own settings come first', () => {
  const caches = newFolder();
  version(caches, { NODE_DISABLE_COMPILE_CACHE: '1' });
  version(caches, { NODE_COMPILE_CACHE: join(caches, 'other') });
  assert.ok(!existsSync(join(caches, 'cardwright')));
});
