import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { intakeCrashes, parallelRepeats, sameIdOtherContent } from './intake.ts';
import { killedPrints } from './print-files.ts';
import { poison, processes } from './processes.ts';
import type { Shown, Size } from './property.ts';
import { lies, schedulesOfAll, unheard } from './schedules.ts';
import { secretsStayHidden } from './secrets.ts';
import { testsOf } from './suites.ts';

const help = `npm run soak -- [--full | --quick | --share 0.1] [--only R1:kills,R4] [--seed 1] [--out FILE.md]

The reliability profile, and a table of what it showed. --full takes hours on a machine with 2 cores; --quick is a
hundredth of its counts, --share any part of them (0.1 unless told). --only takes properties, or single parts of them:
`;
const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    share: { type: 'string', default: '0.1' },
    only: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const share = values.full ? 1 : values.quick ? 0.01 : Number(values.share);
const seed = Number(values.seed);
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const size: Size = { seed, share, say: print };

/** The parts of the profile, by the property that each shows most of. */
const parts: Readonly<Record<string, (size: Size) => Promise<Shown | readonly Shown[]>>> = {
  'R1:schedules': schedulesOfAll,
  'R1:kills': intakeCrashes,
  R2: parallelRepeats,
  R3: sameIdOtherContent,
  R4: lies,
  R5: killedPrints,
  R6: unheard,
  R7: processes,
  R9: poison,
  R12: secretsStayHidden,
  R13: (asked) => testsOf('R13', 'vault', asked),
  R14: (asked) => testsOf('R14', 'audit', asked),
};
if (values.help) {
  print(`${help}  ${Object.keys(parts).join(', ')}`);
  process.exit();
}
const only = values.only?.split(',');
const isAsked = (part: string): boolean =>
  only === undefined || only.some((name) => name === part || part.startsWith(`${name}:`));
for (const name of only ?? [])
  if (!Object.keys(parts).some((part) => part === name || part.startsWith(`${name}:`)))
    throw new Error(`no part ${name}; there are ${Object.keys(parts).join(', ')}`);
const shown: Shown[] = [];
for (const [name, part] of Object.entries(parts)) {
  if (!isAsked(name)) continue;
  print(`${name} …`);
  const startedAtMs = performance.now();
  shown.push(...[await part(size)].flat());
  print(`${name} took ${Math.round((performance.now() - startedAtMs) / 1_000)} s`);
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const table = [
  '| | property | count | seed | violations | figures |',
  '|---|---|---:|---:|---:|---|',
  ...shown.map(
    ({ property, what, count, seed: own, violations, figures }) =>
      `| ${property} | ${cell(what)} | ${count} | ${own} | ${violations.length} | ${cell(figures)} |`,
  ),
];
print('');
for (const line of table) print(line);
const violations = shown.flatMap((row) => row.violations.map((violation) => `${row.property}: ${violation}`));
for (const violation of violations.slice(0, 200)) print(violation);
if (values.out !== undefined) {
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(values.out, evidence());
}
process.exitCode = violations.length === 0 ? 0 : 1;

function evidence(): string {
  const chosen = only === undefined ? '' : ` --only ${only.join(',')}`;
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const isChanged = spawnSync('git', ['diff', '--quiet', 'HEAD']).status !== 0;
  return [
    '# Reliability profile',
    '',
    `\`npm run soak -- --share ${share} --seed ${seed}${chosen}\``,
    '',
    `${share * 100} % of the full counts. Commit ${commit}${isChanged ? ' with changes on top' : ''}, Node ${process.version}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}.`,
    '',
    ...table,
    '',
    ...(violations.length === 0
      ? ['No promise was broken.']
      : violations.map((violation) => `- ${violation}`)),
    '',
  ].join('\n');
}
