import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failpointNames } from '../../packages/server/src/failpoint.ts';
import { killRounds, type Round, runLife, taskNames } from './life.ts';
import { seededRandom } from './random.ts';

/** What the gate has time for; `npm run crash` goes to every failpoint. */
test('members die at failpoints, PostgreSQL too, and every order comes to its end', {
  timeout: 200_000,
}, async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  t.diagnostic(`SEED=${seed}`);
  const random = seededRandom(seed);
  const every = killRounds(random, failpointNames(taskNames).length);
  const quick = every
    .filter(({ kind }) => kind === 'kill')
    .toSorted(() => random() - 0.5)
    .slice(0, 7);
  const rounds: readonly Round[] = [...quick, { kind: 'postgres' }];
  const report = await runLife({ seed, rounds });
  t.diagnostic(JSON.stringify({ ...report, killedAt: [...report.killedAt], stoppedAt: [] }));
  assert.deepEqual(report.violations, []);
  assert.deepEqual(report.missed, []);
  assert.ok(report.shipped > 5, 'orders were shipped meanwhile');
  assert.ok(Math.max(0, ...report.resumedMs) < 10_000, 'another process went on soon');
});
