import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashRun, seededRandom, type Victim } from './crash-run.ts';

/** The full run is `npm run soak`. */
test('kill -9 of product and PostgreSQL under load: nothing acknowledged is lost or doubled', {
  timeout: 240_000,
}, async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  t.diagnostic(`SEED=${seed}`);
  const victims: Victim[] = ['product', 'postgres', 'both', 'postgres', 'product', 'both'];
  const report = await crashRun(victims, seededRandom(seed));
  t.diagnostic(JSON.stringify(report));
  assert.ok(report.acknowledged > 20, 'there was load');
});
