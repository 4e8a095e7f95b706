import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { resultCodes } from '../../src/gateway/result-codes.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/result-codes.md'), 'utf8');

test('the page of result codes lists every code with its words, and no other', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const expected = Object.entries(resultCodes).map(
    ([code, { zh, en, next }]) => `| \`${code}\` | ${zh} | ${en} | ${next} |`,
  );
  assert.deepEqual(rows, expected, `docs/result-codes.md should have these rows:\n${expected.join('\n')}`);
});
