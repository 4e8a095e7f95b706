import { parseArgs } from 'node:util';
import { percentile } from './figures.ts';
import { killRounds, type Round, runLife, stopRounds } from './life.ts';
import { seededRandom } from './random.ts';

/**
 * `npm run crash -- --seed 1 --rounds 60 [--stops 5] [--stop-seconds 60] [--postgres 5]`: real processes of the product on one PostgreSQL,
 * killed at every failpoint, stopped, and robbed of their database; then every promise is checked.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    rounds: { type: 'string', default: '60' },
    stops: { type: 'string', default: '4' },
    'stop-seconds': { type: 'string', default: '0' },
    postgres: { type: 'string', default: '4' },
  },
});
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const seed = Number(values.seed);
const random = seededRandom(seed);
const rounds: readonly Round[] = [
  ...killRounds(random, Number(values.rounds)),
  ...stopRounds(random, Number(values.stops), Number(values['stop-seconds']) * 1_000),
  ...Array.from({ length: Number(values.postgres) }, (): Round => ({ kind: 'postgres' })),
];
print(`seed ${seed}`);
const startedAtMs = performance.now();
const report = await runLife({ seed, rounds, onRound: print });
const of = (figures: readonly number[]): string =>
  figures.length === 0
    ? 'none'
    : `${figures.length}: p50 ${percentile(figures, 50)}, p99 ${percentile(figures, 99)}, worst ${percentile(figures, 100)} ms`;
const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
print('');
for (const [name, value] of [
  ['killed, at so many failpoints', `${sum(report.killedAt)}, ${report.killedAt.size}`],
  ['resumed by another process after a kill', of(report.resumedMs)],
  ['stopped, at so many failpoints', `${sum(report.stoppedAt)}, ${report.stoppedAt.size}`],
  ['taken over after a stop', of(report.takenOverMs)],
  ['intake ready after a kill of PostgreSQL', of(report.intakeReadyMs)],
  ['orders, shipped', `${report.orders}, ${report.shipped}`],
  ['failpoints not passed in time', report.missed.join('; ') || 'none'],
  ['broken promises', report.violations.length],
  ['seconds', Math.round((performance.now() - startedAtMs) / 1_000)],
] as const)
  print(`${name.padEnd(44)} ${value}`);
for (const violation of report.violations) print(violation);
process.exitCode = report.violations.length === 0 ? 0 : 1;
