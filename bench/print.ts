import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import jpeg from 'jpeg-js';
import { cardOf, type Peer, peers } from './print-peers.ts';
import { type PrintDone, recordsPathOf, runPrintProcess } from './print-process.ts';
import { type Way, ways } from './print-way.ts';
import { formatNumber, formatRatio, median, type Row } from './table.ts';

export interface PrintOptions {
  readonly runs: number;
  /** The largest size: 1,000,000 takes minutes, and is what the goals for memory and growth mean. */
  readonly cards: number;
  readonly progress: (text: string) => void;
}

const sizes = [1_000, 10_000, 100_000, 1_000_000];
/** Goals for speed hold from this size on; below it, starting is what is measured. */
const goalsFrom = 100_000;
/**
 * Sizes that are kind to each: pdfkit is still a tenth slower at 2,000 cards than at its pace, the others lose pace with
 * the length of the document.
 */
const peerCards: Readonly<Record<Peer, number>> = {
  pdfkit: 20_000,
  'pdf-lib': 500,
  jsPDF: 2_000,
  MuPDF: 2_000,
};

/**
 * PDFs of one card a page with ours and with the libraries that are used for it, each in a process of its own, in turn.
 * For all alike the time runs from the first look at the data to the finished file: starting Node and loading modules is
 * not in it. Ours reads a CSV file twice, starts its threads and syncs to the disk within that time; peers make their data
 * in memory and do none of this.
 */
export async function measurePrint({ runs, cards, progress }: PrintOptions): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'cardwright-bench-print-'));
  const measured = sizes.filter((size) => size <= Math.max(cards, sizes[0]!));
  try {
    await writeFile(join(folder, 'background.jpg'), background());
    for (const size of measured) await writeRecords(recordsPathOf(folder, size), size);
    const results = new Results();
    const take = async (what: string, measuring: Promise<PrintDone>): Promise<void> => {
      const done = await measuring;
      results.add(what, done);
      const rate = formatNumber(done.cards / done.seconds);
      progress(`print, ${what}: ${rate} cards/s, ${formatNumber(done.rssMiB)} MiB`);
    };
    const ours = [
      ...measured.map((size) => ({ way: 'mask', size }) as const),
      ...(['rectangles', 'sheets'] as const).flatMap((way) =>
        largeOf(measured).map((size) => ({ way, size })),
      ),
    ];
    const tasks = [
      ...ours.map(({ way, size }) => () => {
        return take(nameOf(way, size), runPrintProcess({ kind: 'ours', way, folder, cards: size }));
      }),
      ...peers.map((peer) => () => {
        return take(peer, runPrintProcess({ kind: 'peer', peer, folder, cards: peerCards[peer] }));
      }),
    ];
    // From the second start on, modules are compiled already.
    await runPrintProcess({ kind: 'ours', way: 'mask', folder, cards: sizes[0]! });
    for (let run = 1; run <= runs; run++)
      for (const task of run % 2 === 1 ? tasks : tasks.toReversed()) await task();
    return rowsOf(results, measured);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const nameOf = (way: Way, size: number): string => `${way} ${size}`;

/** The sizes for which goals hold, or the largest where all are smaller. */
function largeOf(measured: readonly number[]): readonly number[] {
  const large = measured.filter((size) => size >= goalsFrom);
  return large.length > 0 ? large : measured.slice(-1);
}

/** What came out, run by run, so that ratios are of one run. */
class Results {
  readonly #of = new Map<string, PrintDone[]>();

  add(what: string, done: PrintDone): void {
    this.#of.set(what, [...(this.#of.get(what) ?? []), done]);
  }

  medianOf(what: string, value: (done: PrintDone) => number): number {
    return median((this.#of.get(what) ?? []).map(value));
  }

  mostOf(what: string, value: (done: PrintDone) => number): number {
    return Math.max(...(this.#of.get(what) ?? []).map(value));
  }

  rate(what: string): number {
    return this.medianOf(what, rateOf);
  }

  /** Ours over the fastest of these in the same run. */
  ratio(ours: string, others: readonly string[], rate = rateOf): number {
    const rates = others.map((what) => (this.#of.get(what) ?? []).map(rate));
    const ratios = (this.#of.get(ours) ?? []).map(
      (done, run) => rate(done) / Math.max(...rates.map((of) => of[run] ?? Number.NaN)),
    );
    return median(ratios);
  }
}

const rateOf = ({ cards, seconds }: PrintDone): number => cards / seconds;
const cpuRateOf = ({ cards, cpuSeconds }: PrintDone): number => cards / cpuSeconds;

function rowsOf(results: Results, measured: readonly number[]): Row[] {
  const largest = measured.at(-1)!;
  const fastest = peers.toSorted((one, other) => results.rate(other) - results.rate(one))[0]!;
  const rate = (what: string): string => `${formatNumber(results.rate(what))} cards/s`;
  const against = (way: Way, size: number, peer: Peer, others: readonly Peer[], goal?: number): Row => {
    const ours = nameOf(way, size);
    const ratio = results.ratio(ours, others);
    const row = { stage: stageOf(way, size), ours: rate(ours), peer: `${peer} ${rate(peer)}` };
    if (goal === undefined || size < goalsFrom) return { ...row, ratio: formatRatio(ratio), goal: '' };
    return { ...row, ratio: formatRatio(ratio), goal: `≥ ${goal} ×`, met: ratio >= goal };
  };
  const bytesACard = (way: Way, most: number): Row => {
    const bytes = results.medianOf(nameOf(way, largest), (done) => done.bytes / done.cards);
    const ours = `${formatNumber(bytes)} bytes a card`;
    return limited(`${stageOf(way, largest)}, size`, ours, `≤ ${formatNumber(most)}`, bytes <= most);
  };
  return [
    ...measured.map((size) => against('mask', size, 'pdfkit', ['pdfkit'], 40)),
    ...largeOf(measured).map((size) => against('mask', size, fastest, peers, 25)),
    ...peers
      .filter((peer) => peer !== 'pdfkit' && peer !== fastest)
      .map((peer) => against('mask', largest, peer, [peer])),
    {
      // What machines that others use too do not change: ours draws on both cores, peers on one.
      stage: `${stageOf('mask', largest)}, by CPU time`,
      ours: `${formatNumber(results.medianOf(nameOf('mask', largest), cpuRateOf))} cards a CPU second`,
      peer: `pdfkit ${formatNumber(results.medianOf('pdfkit', cpuRateOf))}`,
      ...{ ratio: formatRatio(results.ratio(nameOf('mask', largest), ['pdfkit'], cpuRateOf)), goal: '' },
    },
    ...largeOf(measured).map((size) => against('rectangles', size, 'pdfkit', ['pdfkit'], 10)),
    ...largeOf(measured).map((size) => against('sheets', size, 'pdfkit', ['pdfkit'])),
    bytesACard('mask', 700),
    bytesACard('rectangles', 1_400),
    ...ways.map((way) => memory(results, way, largest)),
    ...growth(results, largest),
  ];
}

const wayNames: Readonly<Record<Way, string>> = {
  mask: 'mask',
  rectangles: 'rectangles, deflated',
  sheets: 'mask, 20 a sheet, marks',
};

const stageOf = (way: Way, size: number): string => `PDF of ${formatNumber(size)} cards, ${wayNames[way]}`;

/** The worst run counts: whoever has so much memory must not run out of it once in a while. */
function memory(results: Results, way: Way, size: number): Row {
  const most = results.mostOf(nameOf(way, size), ({ rssMiB }) => rssMiB);
  const usual = results.medianOf(nameOf(way, size), ({ rssMiB }) => rssMiB);
  const ours = `${formatNumber(usual)} MiB, at most ${formatNumber(most)}`;
  return limited(`${stageOf(way, size)}, memory`, ours, '≤ 200 MiB', most <= 200);
}

function growth(results: Results, largest: number): Row[] {
  const before = sizes[sizes.indexOf(largest) - 1];
  if (before === undefined) return [];
  const slower = results.ratio(nameOf('mask', before), [nameOf('mask', largest)]);
  const row = {
    stage: `PDF, mask, time a card, ${formatNumber(largest)} against ${formatNumber(before)}`,
    ...{ ours: '', peer: '', ratio: formatRatio(slower) },
  };
  return before < goalsFrom ? [{ ...row, goal: '' }] : [{ ...row, goal: '≤ 1.15 ×', met: slower <= 1.15 }];
}

function limited(stage: string, ours: string, goal: string, met: boolean): Row {
  return { stage, ours, peer: '', ratio: '', goal, met };
}

async function writeRecords(path: string, cards: number): Promise<void> {
  function* lines(): Generator<string> {
    yield 'card_no,password,url\r\n';
    let text = '';
    for (let no = 1; no <= cards; no++) {
      const { cardNo, password, url } = cardOf(no);
      text += `${cardNo},${password},${url}\r\n`;
      if (no % 1_000 !== 0 && no !== cards) continue;
      yield text;
      text = '';
    }
  }
  await pipeline(lines, createWriteStream(path));
}

/** A soft gradient over the card and its bleed at 300 dpi. */
function background(): Buffer {
  const [width, height] = [1_046, 673];
  const data = Buffer.alloc(4 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const row = Math.floor(pixel / width);
    data.set([255 - ((pixel % width) >> 3), 220 - (row >> 3), 200, 255], 4 * pixel);
  }
  return jpeg.encode({ width, height, data }, 80).data;
}
