import { parseArgs } from 'node:util';
import { measureCpu } from './cpu.ts';
import { measureFetch } from './fetch.ts';
import { measureIntake } from './intake.ts';
import { measureMeanwhile } from './meanwhile.ts';
import { formatTable, type Row } from './table.ts';

interface BenchOptions {
  readonly runs: number;
  readonly seconds: number;
  readonly cards: number;
  readonly gatewayExecArgv: readonly string[];
  readonly progress: (text: string) => void;
}

/** In the order in which `all` runs them. What the print engine is compared with is loaded only by its own stages. */
const stages: Readonly<Record<string, (options: BenchOptions) => Promise<Row[]>>> = {
  cpu: measureCpu,
  fetch: measureFetch,
  meanwhile: measureMeanwhile,
  intake: measureIntake,
  'print-codes': async (options) => (await import('./print-codes.ts')).measureCodes(options),
  'print-perso': async (options) =>
    (await import('./print-perso.ts')).measurePerso({ ...options, records: options.cards }),
  print: async (options) => (await import('./print.ts')).measurePrint(options),
};

const usage = `npm run bench -- [${Object.keys(stages).join('|')}|all] [--runs 5] [--seconds 4] [--cards 200000] [--gateway-node-option OPTION]...\n`;

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
  const isKnown = stage === 'all' || Object.hasOwn(stages, stage);
  if (!isKnown || !Number.isInteger(runs) || runs < 1 || !(seconds > 0) || !(cards >= 1)) {
    process.stderr.write(usage);
    return 2;
  }
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);
  const gatewayExecArgv = values['gateway-node-option'];
  const rows: Row[] = [];
  for (const [name, measure] of Object.entries(stages)) {
    if (stage !== name && stage !== 'all') continue;
    rows.push(...(await measure({ runs, seconds, cards, gatewayExecArgv, progress })));
  }
  process.stdout.write(`\n${formatTable(rows)}\n\nMedians of ${runs} alternating runs.\n`);
  return 0;
}

process.exitCode = await main();
