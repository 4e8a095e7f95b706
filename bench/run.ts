import { parseArgs } from 'node:util';
import { measureCpu } from './cpu.ts';
import { measureIntake } from './intake.ts';
import { formatTable, type Row } from './table.ts';

const usage =
  'npm run bench -- [intake|cpu|all] [--runs 5] [--seconds 4] [--gateway-node-option OPTION]...\n';

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '4' },
      'gateway-node-option': { type: 'string', multiple: true, default: [] },
    },
  });
  const stage = positionals[0] ?? 'all';
  const runs = Number(values.runs);
  const seconds = Number(values.seconds);
  if (!['intake', 'cpu', 'all'].includes(stage) || !Number.isInteger(runs) || runs < 1 || !(seconds > 0)) {
    process.stderr.write(usage);
    return 2;
  }
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);
  const rows: Row[] = [];
  if (stage !== 'intake') rows.push(...(await measureCpu({ runs, seconds, progress })));
  if (stage !== 'cpu') {
    const gatewayExecArgv = values['gateway-node-option'];
    rows.push(...(await measureIntake({ runs, seconds, gatewayExecArgv, progress })));
  }
  process.stdout.write(`\n${formatTable(rows)}\n\nMedians of ${runs} alternating runs.\n`);
  return 0;
}

process.exitCode = await main();
