/**
 * Personalisation files (个人化数据文件): records a second, plain and encrypted to a press's key, into a sink that keeps
 * nothing. `node bench/print-perso.ts --records 200000 --runs 5`
 */
import { parseArgs } from 'node:util';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { generateKey } from 'openpgp';
import { type PressKey, readPressKey } from '../packages/print/src/perso/press-key.ts';
import { parsePersoProfile } from '../packages/print/src/perso/profile.ts';
import { writePerso } from '../packages/print/src/perso/write.ts';
import type { RecordSource } from '../packages/print/src/records/record.ts';
import { formatNumber, formatRatio, formatTable, median, type Row } from './table.ts';

export interface PersoOptions {
  readonly records: number;
  readonly runs: number;
  readonly progress: (text: string) => void;
}

/** Records a second that a plain file must reach. */
const goal = 200_000;
const batchSize = 1000;
const columns = ['card_no', 'password', 'qr_url', 'par_value', 'name'];

/** By the processor's time, so that a busy machine does not blur it; the wall clock's figure stands beside. */
interface Pace {
  readonly perCpuSecond: number;
  readonly perSecond: number;
}

export async function measurePerso(options: PersoOptions): Promise<Row[]> {
  const date = new Date();
  const age = await readPressKey(await identityToRecipient(await generateX25519Identity()), date);
  const { publicKey } = await generateKey({ userIDs: [{ name: 'Press', email: 'press@example.invalid' }] });
  const keys: readonly (readonly [string, PressKey | undefined])[] = [
    ['plain', undefined],
    ['age', age],
    ['OpenPGP', await readPressKey(publicKey, new Date())],
  ];
  const paces = new Map<string, Pace[]>(keys.map(([name]) => [name, []]));
  for (const [, key] of keys) await pace(Math.min(options.records, 20_000), key);
  for (let run = 1; run <= options.runs; run++) {
    for (const [name, key] of keys) {
      const measured = await pace(options.records, key);
      paces.get(name)?.push(measured);
      options.progress(`run ${run}: ${name} ${formatNumber(measured.perSecond)} records/s`);
    }
  }
  const of = (name: string, figure: keyof Pace): number =>
    median((paces.get(name) ?? []).map((each) => each[figure]));
  return keys.map(([name, key]) => ({
    stage: `perso file, CSV, ${name}`,
    ours: `${formatNumber(of(name, 'perCpuSecond'))} records a CPU second (${formatNumber(of(name, 'perSecond'))}/s)`,
    peer: key === undefined ? '' : 'plain',
    ratio: key === undefined ? '' : formatRatio(of(name, 'perCpuSecond') / of('plain', 'perCpuSecond')),
    ...(key === undefined
      ? { goal: `≥ ${formatNumber(goal)}`, met: of(name, 'perCpuSecond') >= goal }
      : { goal: '' }),
  }));
}

const profile = parsePersoProfile({
  version: 1,
  name: 'bench',
  format: 'csv',
  encoding: 'utf-8',
  lineEnd: 'crlf',
  header: true,
  columns: { card_no: {}, password: { secret: true }, qr_url: { secret: true }, par_value: {}, name: {} },
  fields: columns.map((name) => ({ from: 'record', name, value: `{${name}}` })),
  bundle: { size: 100, marker: '#END' },
  totals: { marker: '#TOTAL', sum: 'par_value' },
});

async function pace(records: number, pressKey: PressKey | undefined): Promise<Pace> {
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const summary = await writePerso(
    sourceOf(records),
    profile,
    { write: () => {} },
    {
      ...(pressKey === undefined ? { unencrypted: true } : { pressKey }),
    },
  );
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  if (summary.records !== records) throw new Error(`${summary.records} records written`);
  return { perSecond: records / seconds, perCpuSecond: records / ((user + system) / 1e6) };
}

/** Rows made beforehand and given again and again: the reader's work is measured elsewhere. */
function sourceOf(records: number): RecordSource {
  const rows = Array.from({ length: batchSize }, (_, index) => [
    `6200${String(index).padStart(12, '0')}`,
    String(9_000_000_000_000_000 + index * 7_919),
    `https://example.invalid/c/${String(index * 31).padStart(36, 'k')}`,
    '10000',
    '面值卡',
  ]);
  return {
    columns,
    count: records,
    async *batches() {
      for (let left = records; left > 0; left -= batchSize)
        yield left < batchSize ? rows.slice(0, left) : rows;
    },
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      records: { type: 'string', default: '200000' },
      runs: { type: 'string', default: '5' },
    },
  });
  const rows = await measurePerso({
    records: Number(values.records),
    runs: Number(values.runs),
    progress: (text) => process.stderr.write(`${text}\n`),
  });
  process.stdout.write(`${formatTable(rows)}\n`);
}
