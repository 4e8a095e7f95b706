import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeRandom } from '../../src/vault/random.ts';

test('random bytes are handed out once, and stay as they are when others are overwritten', () => {
  const taken = Array.from({ length: 2_000 }, (_, index) => takeRandom(index % 3 === 0 ? 32 : 12));
  const seen = taken.map((bytes) => bytes.toString('hex'));
  assert.equal(new Set(seen).size, taken.length);
  for (const [index, bytes] of taken.entries()) if (index % 2 === 0) bytes.fill(0);
  for (const [index, bytes] of taken.entries())
    if (index % 2 === 1) assert.equal(bytes.toString('hex'), seen[index]);
});

test('a whole draw can be taken, and no more than that', () => {
  assert.ok(new Set(takeRandom(4_096)).size > 200, 'nearly all values occur in 4,096 random bytes');
  assert.throws(() => takeRandom(4_097), RangeError);
});
