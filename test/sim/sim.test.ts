import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { testDatabase } from '../../packages/server/test/postgres.ts';
import { runSchedules } from './run.ts';
import { runSchedule } from './schedule.ts';
import { type OpenedStage, openStage } from './stage.ts';

async function stageFor(t: TestContext): Promise<OpenedStage> {
  const { connectionString } = await testDatabase(t);
  return openStage(connectionString);
}

test('150 schedules of the 10,000: every promise holds', { timeout: 180_000 }, async (t) => {
  const first = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  t.diagnostic(`SEED=${first}`);
  const stages = [await stageFor(t), await stageFor(t)];
  try {
    const { broken, counts } = await runSchedules(stages, { first, schedules: 150 });
    t.diagnostic(JSON.stringify(counts));
    assert.deepEqual(
      broken.map(({ seed, violations }) => ({ seed, violations })),
      [],
    );
    for (const [name, count] of Object.entries(counts)) assert.ok(count > 0, `there were no ${name}`);
  } finally {
    for (const stage of stages) await stage.close();
  }
});

test('the same seed replays the same trace', { timeout: 60_000 }, async (t) => {
  const stage = await stageFor(t);
  try {
    for (const seed of [5, 1_029, 20_260]) {
      const one = await runSchedule(stage, seed);
      const two = await runSchedule(stage, seed);
      assert.deepEqual(two.trace, one.trace, `seed ${seed}`);
      assert.equal(two.hash, one.hash);
    }
    const hashes = new Set([(await runSchedule(stage, 1)).hash, (await runSchedule(stage, 2)).hash]);
    assert.equal(hashes.size, 2, 'other seeds tell other stories');
  } finally {
    await stage.close();
  }
});
