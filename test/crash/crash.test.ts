import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCrashes, shuffledVictims } from './harness.ts';
import { seededRandom } from './random.ts';

/** A tenth of the full profile, which is `soak.ts` beside this file. */
test('kill -9 of product and PostgreSQL under load: no acknowledged order missing, none twice', {
  timeout: 240_000,
}, async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  t.diagnostic(`SEED=${seed}`);
  const rounds = { product: 3, all: 2, postmaster: 3, backend: 2 };
  const victims = shuffledVictims(rounds, seededRandom(seed));
  const { output, ...report } = await runCrashes({ seed, victims });
  t.diagnostic(JSON.stringify(report));
  assert.deepEqual(report.violations, [], output);
  assert.deepEqual(report.kills, rounds);
  assert.equal(report.acknowledged, report.orders, 'every order has its answer in the end');
  assert.ok(
    report.calls.conflict > 0 && report.calls.doubtful > 0,
    'there were conflicts, and kills were felt',
  );
});
