import { parseArgs } from 'node:util';
import { crashRun, seededRandom, type Victim } from '../packages/server/test/crash/crash-run.ts';

/** `npm run soak -- --rounds 50 --seed 1`: each round kills the product, PostgreSQL, and both, under load. */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const rounds = Number(values.rounds);
const victims = Array.from({ length: rounds }, (): Victim[] => ['product', 'postgres', 'both']).flat();
process.stdout.write(
  `seed ${values.seed}, ${victims.length} kills (${rounds} each of product, postgres, both)\n`,
);
const startedAt = performance.now();
const report = await crashRun(victims, seededRandom(Number(values.seed)));
const sorted = report.recoveriesMs.toSorted((a, b) => a - b);
const worst = (victim: Victim): number =>
  Math.max(...report.recoveriesMs.filter((_, index) => victims[index] === victim));
const rows: [string, string | number][] = [
  ['kills', victims.length],
  ['orders acknowledged', report.acknowledged],
  ['calls without an answer or refused', report.unanswered],
  ['acknowledged and missing', 0],
  ['stored twice', 0],
  ['kill to next acknowledged order, median ms', sorted[Math.floor(sorted.length / 2)] ?? 0],
  [
    'worst ms after killing product / postgres / both',
    `${worst('product')} / ${worst('postgres')} / ${worst('both')}`,
  ],
  ['seconds', Math.round((performance.now() - startedAt) / 1000)],
];
for (const [name, value] of rows) process.stdout.write(`${name.padEnd(52)} ${value}\n`);
