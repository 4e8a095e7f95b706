import { parseArgs } from 'node:util';
import { runSchedules } from './run.ts';
import type { Outcome } from './schedule.ts';
import { openStages } from './stage.ts';

/**
 * `npm run sim -- --seed 1 --schedules 100 [--lanes 3] [--verbose]`: the schedules of 100 seeds, three at a time. A breach
 * prints its seed; with one schedule, or `--verbose`, the trace as well.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    schedules: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '3' },
    verbose: { type: 'boolean', default: false },
  },
});
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const [first, schedules] = [Number(values.seed), Number(values.schedules)];

function show({ seed, violations, trace, hash }: Outcome): void {
  const isBroken = violations.length > 0;
  if (values.verbose || (isBroken && schedules === 1)) for (const line of trace) print(line);
  if (isBroken) print(`seed ${seed} BROKEN\n  ${violations.join('\n  ')}`);
  else if (values.verbose) print(`seed ${seed} trace ${hash}`);
}

print(`seed ${first}`);
const { stages, close } = await openStages(Math.min(Number(values.lanes), schedules));
try {
  const { broken, counts, seconds } = await runSchedules(stages, { first, schedules }, show);
  print(
    `${schedules} schedules from seed ${first}: ${broken.length} broken; ${seconds.toFixed(1)} s, ${(schedules / seconds).toFixed(1)} a second`,
  );
  print(
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', '),
  );
  process.exitCode = broken.length === 0 ? 0 : 1;
} finally {
  await close();
}
