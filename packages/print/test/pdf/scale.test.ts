import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';

const pages = 200_000;

/** In a process of its own, so that its memory is this file's alone. Prints what the second and last tenth cost. */
const program = `
import { costOfPages } from '${new URL('./many-pages.ts', import.meta.url)}';
console.log(JSON.stringify(await costOfPages(${pages})));
`;

interface Cost {
  readonly bytes: number;
  readonly earlyRssBytes: number;
  readonly lateRssBytes: number;
  readonly earlyMs: number;
  readonly lateMs: number;
}

test(`${pages} pages: memory and time a page stay flat`, () => {
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  const { bytes, earlyRssBytes, lateRssBytes, earlyMs, lateMs } = JSON.parse(output) as Cost;
  // 16 bytes a page of cross-references are meant to grow; pages themselves would be 60 MB.
  const grown = lateRssBytes - earlyRssBytes;
  assert.ok(grown < 40e6, `memory grew by ${grown} bytes over ${bytes} bytes of pages`);
  assert.ok(lateRssBytes < 200e6, `${lateRssBytes} bytes of memory`);
  assert.ok(lateMs < 3 * earlyMs + 100, `a tenth took ${earlyMs} ms at first and ${lateMs} ms at last`);
  assert.ok(bytes / pages < 450, `${bytes / pages} bytes a page of 300 bytes of content`);
});
