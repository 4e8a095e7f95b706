import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CommitCoalescer, Overloaded } from '../../src/card-order/commit-coalescer.ts';

const bounds = { lanes: 1, maxBatch: 100, maxWaiting: 1_000, isOneInputsFault: () => true };

test('a lone caller is sent at once; those who come meanwhile share the next batch', async () => {
  const batches: number[][] = [];
  const coalescer = new CommitCoalescer<number, number>(async (batch) => {
    batches.push([...batch]);
    await delay(5);
    return batch.map((input) => input * 2);
  }, bounds);
  const first = coalescer.submit(1);
  assert.deepEqual(batches, [[1]]);
  const others = [2, 3, 4].map((input) => coalescer.submit(input));
  assert.deepEqual(await Promise.all([first, ...others]), [2, 4, 6, 8]);
  assert.deepEqual(batches, [[1], [2, 3, 4]]);
});

test('one bad input does not fail its neighbours, and a broken database is not asked one by one', async () => {
  let calls = 0;
  const run = async (batch: readonly number[]): Promise<readonly number[]> => {
    calls++;
    await delay(1);
    if (batch.includes(13)) throw new Error('bad input');
    return batch;
  };
  const patient = new CommitCoalescer(run, bounds);
  const blocker = patient.submit(0);
  const settled = await Promise.allSettled([blocker, ...[1, 13, 3].map((input) => patient.submit(input))]);
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  );
  calls = 0;
  const strict = new CommitCoalescer(run, { ...bounds, isOneInputsFault: () => false });
  await Promise.allSettled([0, 1, 13, 3].map((input) => strict.submit(input)));
  assert.equal(calls, 2);
});

test('more waiting than allowed are refused, the others are served', async () => {
  const coalescer = new CommitCoalescer<number, number>(
    async (batch) => {
      await delay(1);
      return batch;
    },
    { ...bounds, maxWaiting: 2 },
  );
  const results = await Promise.allSettled([1, 2, 3, 4, 5].map((input) => coalescer.submit(input)));
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 3);
  assert.ok(results.every((result) => result.status === 'fulfilled' || result.reason instanceof Overloaded));
});
