import { parseArgs } from 'node:util';
import { benchCpu } from './cpu.ts';
import { benchIntake } from './intake.ts';
import { printRows, type Row } from './table.ts';

/** `npm run bench -- [cpu|intake] [--runs 5] [--seconds 3]`: each stage beside a peer, in one run. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' } },
});
const runs = Number(values.runs);
const stages: Readonly<Record<string, () => Promise<Row[]>>> = {
  cpu: () => benchCpu(runs),
  intake: () => benchIntake(runs, Number(values.seconds)),
};
const chosen = positionals.length === 0 ? Object.keys(stages) : positionals;
const rows: Row[] = [];
for (const name of chosen) {
  const stage = stages[name];
  if (stage === undefined) throw new Error(`no stage ${name}; there are ${Object.keys(stages).join(', ')}`);
  process.stderr.write(`${name} …\n`);
  rows.push(...(await stage()));
}
printRows(rows);
