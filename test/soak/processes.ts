import { setTimeout as delay } from 'node:timers/promises';
import { failpointNames } from '../../packages/server/src/failpoint.ts';
import { Farm } from '../crash/farm.ts';
import { percentile } from '../crash/figures.ts';
import { killRounds, type LifeReport, type Round, runLife, stopRounds, taskNames } from '../crash/life.ts';
import { seededRandom } from '../crash/random.ts';
import { type Shown, type Size, shareOf } from './property.ts';

const figuresOf = (ms: readonly number[]): string =>
  ms.length === 0
    ? 'none measured'
    : `${ms.length}: p50 ${percentile(ms, 50)} ms, p99 ${percentile(ms, 99)} ms, worst ${percentile(ms, 100)} ms`;

/** Long enough that every lease, heartbeat and timeout of the product has run out. */
const stoppedForMs = 60_000;

/** R1 and R7 with real processes: killed at every failpoint, stopped, robbed of PostgreSQL. */
export async function processes(size: Size): Promise<readonly Shown[]> {
  const random = seededRandom(size.seed);
  const kills = killRounds(random, shareOf(1_000, size));
  const stops = stopRounds(random, shareOf(20, size), stoppedForMs);
  const robberies = Array.from({ length: shareOf(200, size) }, (): Round => ({ kind: 'postgres' }));
  const rounds = [...kills, ...stops, ...robberies];
  const report = await runLife({ seed: size.seed, rounds, onRound: size.say });
  const names = failpointNames(taskNames);
  const all = kills.length >= names.length ? names : names.slice(0, kills.length);
  const uncovered = all.filter((name) => !report.killedAt.has(name)).map((name) => `never killed at ${name}`);
  return [
    {
      property: 'R1',
      what: 'SIGKILL of real processes at named failpoints, and of PostgreSQL',
      count: kills.length + robberies.length,
      seed: size.seed,
      violations: [...report.violations, ...uncovered],
      figures: `${report.killedAt.size} of ${names.length} failpoints, ${report.orders} orders, ${report.shipped} shipped`,
    },
    ...recoveries(size, report),
  ];
}

function recoveries({ seed }: Size, report: LifeReport): readonly Shown[] {
  const beyond = (ms: readonly number[], limitMs: number, what: string): readonly string[] =>
    percentile(ms, 99) > limitMs
      ? [`p99 of ${what} is ${percentile(ms, 99)} ms, more than ${limitMs} ms`]
      : [];
  const row = (what: string, ms: readonly number[], limitMs: number): Shown => ({
    property: 'R7',
    what,
    count: ms.length,
    seed,
    violations: beyond(ms, limitMs, what),
    figures: figuresOf(ms),
  });
  return [
    row('killed worker, until another went on', report.resumedMs, 3_000),
    row('stopped worker, until another took over', report.takenOverMs, 15_000),
    row('PostgreSQL killed, until intake was ready', report.intakeReadyMs, 5_000),
  ];
}

const fetchLimitMs = 600_000;

/** R9: how long good orders take, alone and among poison ones. */
export async function poison(size: Size): Promise<Shown> {
  const good = shareOf(900, size);
  const bad = Math.max(1, Math.round(good / 9));
  const farm = await Farm.open(size.seed, 0);
  try {
    const members = [farm.gateway(), farm.worker(), farm.worker()];
    await Promise.all(members.map((member) => member.whenReady));
    await farm.sandbox.newTemplate({ templateNo: 'T', cardName: '储值卡', parValueFen: 100n, isTest: false });
    // The first run warms up; then clean and poisoned ones in turn, because the machine is not the same from minute to minute.
    await fetchAll(farm, 1_000_000n, good, 0);
    const clean: number[] = [];
    const mixed: number[] = [];
    for (let run = 0; run < 3; run++) {
      clean.push(await fetchAll(farm, BigInt(2_000_000 + run * 100_000), good, 0));
      mixed.push(await fetchAll(farm, BigInt(5_000_000 + run * 100_000), good, bad));
    }
    const ratio = percentile(mixed, 50) / percentile(clean, 50);
    const unparked = await farm.pool.query<{ n: number }>(
      `select ($1 - (select count(*) from parked_job where cause <> '')
         - (select count(*) from card_order where state = 'held' and hold_reason like 'fetch-refused%'))::int as n`,
      [bad * 3],
    );
    const left = unparked.rows[0]?.n ?? bad;
    return {
      property: 'R9',
      what: `${bad} poison orders and jobs among ${good + bad}`,
      count: (good + bad) * 3,
      seed: size.seed,
      violations: [
        ...(ratio > 1.2 ? [`the others took ${ratio.toFixed(2)} × of the clean time`] : []),
        ...(left === 0 ? [] : [`${left} poison jobs are neither parked nor held with their cause`]),
      ],
      figures: `others: ${ratio.toFixed(2)} × of the clean time (${percentile(mixed, 50)} and ${percentile(clean, 50)} ms, medians of 3)`,
    };
  } finally {
    await farm.close();
  }
}

/** Places orders, the last ones poisoned, and answers how long the good ones took to have their cards. */
async function fetchAll(farm: Farm, firstId: bigint, good: number, bad: number): Promise<number> {
  const { sandbox, pool } = farm;
  const ids = Array.from({ length: good }, (_, n) => firstId + BigInt(n));
  for (let n = 0; n < bad; n++) {
    const cardOrderId = firstId + BigInt(good + n);
    // Half of them: the platform refuses to list their cards; the others: jobs about orders that there are not.
    if (n % 2 === 0) {
      await sandbox.faults.add({ kind: 'isv-error', method: 'info.query', cardOrderId, times: 0 });
      await sandbox.placeOrder({ cardOrderId, lines: [{ templateNo: 'T', count: 3n }] });
    } else {
      await pool.query(`select graphile_worker.add_job('report-finish', $1::json)`, [
        JSON.stringify({ environment: 'daily', cardOrderId: String(cardOrderId + 50_000_000n) }),
      ]);
    }
  }
  const startedAtMs = performance.now();
  const lanes = Array.from({ length: 8 }, async (_, lane) => {
    for (let n = lane; n < good; n += 8)
      await sandbox.placeOrder({ cardOrderId: ids[n] as bigint, lines: [{ templateNo: 'T', count: 5n }] });
  });
  await Promise.all(lanes);
  for (;;) {
    const { rows } = await pool.query<{ n: bigint }>(
      `select count(*) as n from card_order where card_order_id = any ($1::bigint[]) and state = 'cards_fetched'`,
      [ids.map(String)],
    );
    const spentMs = performance.now() - startedAtMs;
    if (rows[0]?.n === BigInt(good)) return spentMs;
    if (spentMs > fetchLimitMs)
      throw new Error(`${rows[0]?.n} of ${good} orders have their cards after ${spentMs} ms`);
    await delay(20);
  }
}
