import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted, formatBytes, formatSeconds, Progress } from '../../src/cli/progress.ts';

/** What is written while `of` records take `seconds`, one step every 10 ms. */
function written(isTerminal: boolean, seconds: number, of: number | undefined): string[] {
  const pieces: string[] = [];
  let nowMs = 5_000;
  const progress = new Progress({ isTerminal, write: (text) => pieces.push(text), nowMs: () => nowMs });
  for (let step = 1; step <= seconds * 100; step++) {
    nowMs += 10;
    progress.tell('生成 drawing cards', step * 10, of);
  }
  progress.end();
  return pieces;
}

test('a log gets a line after two seconds and one every ten seconds', () => {
  assert.deepEqual(written(false, 23, 23_000), [
    '生成 drawing cards 2,000 / 23,000 (8 %), 1,000/s, 剩余 left 21 s\n',
    '生成 drawing cards 12,000 / 23,000 (52 %), 1,000/s, 剩余 left 11 s\n',
    '生成 drawing cards 22,000 / 23,000 (95 %), 1,000/s, 剩余 left 1.0 s\n',
  ]);
  assert.deepEqual(written(false, 3, undefined), ['生成 drawing cards 2,000, 1,000/s\n']);
  assert.deepEqual(written(false, 2, 2_000), [], 'what is done soon needs none');
});

test('a terminal has one line, written anew and taken away at the end', () => {
  const pieces = written(true, 1, 1_000);
  assert.equal(pieces.length, 10);
  for (const piece of pieces.slice(0, -1)) assert.match(piece, /^\r\u001b\[K生成 [^\n]*$/);
  assert.equal(pieces.at(-1), '\r\u001b[K');
});

test('each kind of work has a rate of its own', () => {
  const lines: string[] = [];
  let nowMs = 1;
  const progress = new Progress({ isTerminal: false, write: (text) => lines.push(text), nowMs: () => nowMs });
  for (const [what, atMs, done] of [
    ['checking', 1_001, 50_000],
    ['drawing', 2_001, 100],
    ['drawing', 12_001, 1_100],
  ] as const) {
    nowMs = atMs;
    progress.tell(what, done, 10_000_000);
  }
  assert.deepEqual(
    lines.map((line) => /[\d,]+\/s/.exec(line)?.[0]),
    ['100/s', '100/s'],
  );
});

test('figures are readable at every size', () => {
  assert.deepEqual([0, 999, 1_000, 9_995, 999_950, 12_345_678_901].map(formatBytes), [
    '0 B',
    '999 B',
    '1.00 kB',
    '10.0 kB',
    '1.00 MB',
    '12.3 GB',
  ]);
  assert.deepEqual([0, 9.94, 9.96, 59.4, 59.6, 3_599.6, 7_290].map(formatSeconds), [
    '0.0 s',
    '9.9 s',
    '10 s',
    '59 s',
    '1 min 0 s',
    '1 h 0 min',
    '2 h 1 min',
  ]);
  assert.deepEqual(
    [counted(1, '张卡', 'card'), counted(1_000, '张卡', 'card')],
    ['1 张卡 card', '1,000 张卡 cards'],
  );
});
