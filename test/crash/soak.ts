import { parseArgs } from 'node:util';
import { runCrashes, shuffledVictims } from './harness.ts';
import { seededRandom } from './random.ts';

/** `node test/crash/soak.ts --rounds 50 --seed 1`: so many kills of each kind under load, and a table. */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
const print = (line: string): void => void process.stdout.write(`${line}\n`);
print(`seed ${seed}`);
const victims = shuffledVictims(
  { product: rounds, postmaster: rounds, backend: rounds, all: rounds },
  seededRandom(seed),
);
const startedAtMs = performance.now();
const report = await runCrashes({ seed, victims, onRound: print });

print('');
for (const [name, value] of [
  ['kills: product / postmaster / backend / all', Object.values(report.kills).join(' / ')],
  ['killed again while recovering', report.secondKills],
  ['orders sent, and acknowledged in the end', `${report.orders}, ${report.acknowledged}`],
  [
    'calls: success / conflict / doubtful',
    `${report.calls.success} / ${report.calls.conflict} / ${report.calls.doubtful}`,
  ],
  ...Object.entries(report.recoveryMs).map(
    ([victim, { worst, median }]) =>
      [`ready after ${victim}: median / worst, ms`, `${median} / ${worst}`] as const,
  ),
  ['all planned after a round, worst, ms', report.worstPlanningMs],
  ['broken promises (missing, twice, other content …)', report.violations.length],
  ['seconds', Math.round((performance.now() - startedAtMs) / 1_000)],
] as const) {
  print(`${name.padEnd(52)} ${value}`);
}
for (const violation of report.violations) print(violation);
if (report.violations.length > 0) print(`\nthe product's last words:\n${report.output}`);
process.exitCode = report.violations.length === 0 ? 0 : 1;
