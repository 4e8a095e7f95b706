import { parseArgs } from 'node:util';
import encodeQR from 'qr';
import { createCode128Encoder } from '../packages/print/src/code/code-128.ts';
import { createDataMatrixEncoder } from '../packages/print/src/code/data-matrix.ts';
import { createQrEncoder } from '../packages/print/src/code/qr.ts';
import { formatNumber, formatRatio, formatTable, median, type Row } from './table.ts';

const usage = 'node bench/print-codes.ts [--runs 5] [--seconds 1]\n';

export interface CodeOptions {
  readonly runs: number;
  /** CPU time of one slice. */
  readonly seconds: number;
  readonly progress: (text: string) => void;
}

const goalRatio = 5;
const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';

/**
 * Symbols of addresses a second of CPU time, beside the npm package `qr`, in one process. Every address is another one:
 * 26 characters that all share and 34 that are random, so nothing is gained by equal cards.
 */
export function measureCodes(options: CodeOptions): Row[] {
  const addresses = randomAddresses(4000);
  const qr = createQrEncoder({ level: 'M' });
  const dataMatrix = createDataMatrixEncoder();
  const code128 = createCode128Encoder();
  const ours = (address: string): number => qr.encode(address).bits[40] ?? 0;
  const peer = (address: string): number => encodeQR(address, 'raw', { ecc: 'medium' }).length;
  const oursRates: number[] = [];
  const peerRates: number[] = [];
  for (const encode of [ours, peer]) symbolsASecond(encode, addresses, options.seconds);
  for (let run = 1; run <= options.runs; run++) {
    const order = [
      [ours, oursRates],
      [peer, peerRates],
    ] as const;
    for (const [encode, rates] of run % 2 === 1 ? order : order.toReversed())
      rates.push(symbolsASecond(encode, addresses, options.seconds));
    options.progress(
      `run ${run}: ours ${formatNumber(oursRates.at(-1) ?? 0)}, qr ${formatNumber(peerRates.at(-1) ?? 0)} a second`,
    );
  }
  const [our, their] = [median(oursRates), median(peerRates)];
  const alone = (stage: string, encode: (text: string) => number, texts: readonly string[]): Row => {
    symbolsASecond(encode, texts, options.seconds / 4);
    const rates = Array.from({ length: options.runs }, () =>
      symbolsASecond(encode, texts, options.seconds / 4),
    );
    return { stage, ours: `${formatNumber(median(rates))} a second`, peer: '', ratio: '', goal: '' };
  };
  const numbers = addresses.map((_, index) => `BOX-${String(index).padStart(12, '0')}`);
  return [
    {
      stage: 'QR, 60 characters, level M, all masks scored',
      ours: `${formatNumber(our)} a second`,
      peer: `qr ${formatNumber(their)}`,
      ratio: formatRatio(our / their),
      goal: `≥ ${formatRatio(goalRatio)}`,
      met: our / their >= goalRatio,
    },
    alone('Data Matrix, 60 characters', (text) => dataMatrix.encode(text).width, addresses),
    alone('Code 128, 16 characters', (text) => code128.encode(text).width, numbers),
  ];
}

function symbolsASecond(encode: (text: string) => number, texts: readonly string[], seconds: number): number {
  const before = process.cpuUsage();
  const endMs = performance.now() + seconds * 1000;
  let symbols = 0;
  do {
    for (let index = 0; index < 500; index++) encode(texts[(symbols + index) % texts.length] ?? '');
    symbols += 500;
  } while (performance.now() < endMs);
  const { user, system } = process.cpuUsage(before);
  return (symbols * 1e6) / (user + system);
}

/** Equal in every run of the bench. */
function randomAddresses(count: number): string[] {
  let state = 1;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const tail = (): string =>
    Array.from({ length: 34 }, () => letters.charAt(random(letters.length))).join('');
  return Array.from({ length: count }, () => `https://card.example.cn/q/${tail()}`);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '5' }, seconds: { type: 'string', default: '1' } },
  });
  const [runs, seconds] = [Number(values.runs), Number(values.seconds)];
  if (Number.isInteger(runs) && runs >= 1 && seconds > 0) {
    const progress = (text: string): void => void process.stderr.write(`${text}\n`);
    const rows = measureCodes({ runs, seconds, progress });
    process.stdout.write(`\n${formatTable(rows)}\n\nMedians of ${runs} alternating runs, CPU time.\n`);
  } else {
    process.stderr.write(usage);
    process.exitCode = 2;
  }
}
