import { parseArgs } from 'node:util';
import { measureCpu } from './cpu.ts';
import { measureFetch } from './fetch.ts';
import { measureIntake } from './intake.ts';
import { measureMeanwhile } from './meanwhile.ts';
import { formatTable, type Row } from './table.ts';

const usage =
  'npm run bench -- [intake|cpu|fetch|meanwhile|all] [--runs 5] [--seconds 4] [--cards 200000] [--gateway-node-option OPTION]...\n';

const stages: readonly string[] = ['intake', 'cpu', 'fetch', 'meanwhile', 'all'];

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '4' },
      cards: { type: 'string', default: '200000' },
      'gateway-node-option': { type: 'string', multiple: true, default: [] },
    },
  });
  const stage = positionals[0] ?? 'all';
  const runs = Number(values.runs);
  const seconds = Number(values.seconds);
  const cards = Number(values.cards);
  const isRight = stages.includes(stage) && Number.isInteger(runs) && runs >= 1 && seconds > 0 && cards >= 1;
  if (!isRight) {
    process.stderr.write(usage);
    return 2;
  }
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);
  const rows: Row[] = [];
  const isAsked = (name: string): boolean => stage === name || stage === 'all';
  if (isAsked('cpu')) rows.push(...(await measureCpu({ runs, seconds, progress })));
  if (isAsked('fetch')) rows.push(...(await measureFetch({ runs, cards, progress })));
  if (isAsked('meanwhile')) rows.push(...(await measureMeanwhile({ runs, cards, progress })));
  if (isAsked('intake')) {
    const gatewayExecArgv = values['gateway-node-option'];
    rows.push(...(await measureIntake({ runs, seconds, gatewayExecArgv, progress })));
  }
  process.stdout.write(`\n${formatTable(rows)}\n\nMedians of ${runs} alternating runs.\n`);
  return 0;
}

process.exitCode = await main();
