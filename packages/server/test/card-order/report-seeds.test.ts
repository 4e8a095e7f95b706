import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ship } from '../../src/card-order/operate.ts';
import { reportFinishJob } from '../../src/card-order/order-jobs.ts';
import { openReportHouse } from './report-house.ts';

/** How the platform treats a notification, acted on or not. */
const kinds = [
  'acted-then-silent',
  'acted-then-reset',
  'isp-timeout-acted',
  'half-answer',
  'garbage-answer',
  'http-502',
  'reset-before',
  'silent-before',
  'http-500',
  'isp-error',
  'flow-control',
  'repeat-refused',
  'xml-answer',
  'gzip-answer',
] as const;

const seeds = Number(process.env['REPORT_SEEDS'] ?? 200);

/** Numbers from 0 to 1 that depend on the seed alone. */
function dice(seed: string): () => number {
  let throws = 0;
  return () => createHash('sha256').update(`${seed} ${throws++}`).digest().readUInt32LE(0) / 2 ** 32;
}

test(`${seeds} seeds of calls that may have acted and of workers that die: each fact once, in order, only when true`, async (t) => {
  const house = await openReportHouse(t, 25);
  let repeats = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const random = dice(`report ${seed}`);
    const id = BigInt(seed);
    const key = await house.order(id, 'made');
    await house.sandbox.faults.setChaos({ seed: `report ${seed}`, rate: 0.6, kinds });
    let deaths = 0;
    const dies = () => {
      const roll = random();
      if (deaths > 6 || roll > 0.25) return undefined;
      deaths += 1;
      return roll < 0.12 ? ('before' as const) : ('after' as const);
    };
    // Shipped before, while or after the finish is reported.
    const shipsEarly = random() < 0.5;
    const shipIt = () => ship(house.transaction, key, { company: '中通', number: '78123456789012' }, '王芳');
    if (shipsEarly) await shipIt();
    await house.add(reportFinishJob(key));
    const context = `seed ${seed}`;
    assert.deepEqual(await house.work({ dies }), [], context);
    if (!shipsEarly) {
      assert.deepEqual(house.sandbox.effects(id).order, ['finish'], context);
      await shipIt();
      assert.deepEqual(await house.work({ dies }), [], context);
    }
    assert.equal(await house.stand(key), 'dispatched finish sended', context);
    const { order, calls } = house.sandbox.effects(id);
    assert.deepEqual(order, ['finish', 'sended'], context);
    repeats += calls.length - 2;
    const { rows } = await house.pool.query<{ wrong: number; contents: number }>(
      `select (select count(*)::int from platform_call s where s.card_order_id = $1 and s.kind = 'sended'
           and s.intended_at < (select finish_reported_at from card_order where card_order_id = $1)) as wrong,
         (select count(distinct content)::int from platform_call where card_order_id = $1 and kind = 'sended') as contents`,
      [String(id)],
    );
    assert.deepEqual(rows, [{ wrong: 0, contents: 1 }], context);
  }
  assert.ok(repeats >= seeds, `the faults caused ${repeats} repeats`);
});
