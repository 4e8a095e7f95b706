import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import jpeg from 'jpeg-js';
import type { Way } from './print-job.ts';
import { cardOf, type Peer, peers } from './print-peers.ts';
import { type PrintDone, recordsPathOf, runPrintProcess } from './print-process.ts';
import { formatNumber, formatRatio, median, type Row } from './table.ts';

export interface PrintOptions {
  readonly runs: number;
  /** The largest size: 1,000,000 takes minutes, and is what the goals for memory and growth mean. */
  readonly cards: number;
  readonly progress: (text: string) => void;
}

const sizes = [1_000, 10_000, 100_000, 1_000_000];
/** Peers have found their pace long before; pdf-lib slows down with the length of the document. */
const peerCards: Readonly<Record<Peer, number>> = {
  pdfkit: 2_000,
  'pdf-lib': 500,
  jsPDF: 2_000,
  MuPDF: 2_000,
};
/** The size at which ours is measured in its other ways. */
const usualCards = 100_000;

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
    for (let run = 1; run <= runs; run++) {
      const tasks = [
        ...measured.map((size) => () => {
          const task = { kind: 'ours', way: 'mask', folder, cards: size } as const;
          return take(nameOf('mask', size), runPrintProcess(task));
        }),
        ...(['rectangles', 'sheets'] as const).map((way) => () => {
          const size = sizeFor(measured);
          return take(nameOf(way, size), runPrintProcess({ kind: 'ours', way, folder, cards: size }));
        }),
        ...peers.map((peer) => () => {
          return take(peer, runPrintProcess({ kind: 'peer', peer, folder, cards: peerCards[peer] }));
        }),
      ];
      for (const task of run % 2 === 1 ? tasks : tasks.toReversed()) await task();
    }
    return rowsOf(results, measured);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const nameOf = (way: Way, size: number): string => `${way} ${size}`;

const sizeFor = (measured: readonly number[]): number =>
  measured.includes(usualCards) ? usualCards : measured.at(-1)!;

/** What came out, run by run, so that ratios are of one run. */
class Results {
  readonly #of = new Map<string, PrintDone[]>();

  add(what: string, done: PrintDone): void {
    this.#of.set(what, [...(this.#of.get(what) ?? []), done]);
  }

  medianOf(what: string, value: (done: PrintDone) => number): number {
    return median((this.#of.get(what) ?? []).map(value));
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
  const size = sizeFor(measured);
  const largest = measured.at(-1)!;
  const mask = nameOf('mask', largest);
  const rectangles = nameOf('rectangles', size);
  const sheets = nameOf('sheets', size);
  const fastest = peers.toSorted((one, other) => results.rate(other) - results.rate(one))[0]!;
  const rate = (what: string): string => `${formatNumber(results.rate(what))} cards/s`;
  const against = (stage: string, ours: string, peer: Peer, others: readonly Peer[], goal?: number): Row => {
    const ratio = results.ratio(ours, others);
    const row = { stage, ours: rate(ours), peer: `${peer} ${rate(peer)}`, ratio: formatRatio(ratio) };
    return goal === undefined ? { ...row, goal: '' } : { ...row, goal: `≥ ${goal} ×`, met: ratio >= goal };
  };
  const bytesACard = (stage: string, what: string, most: number): Row => {
    const bytes = results.medianOf(what, (done) => done.bytes / done.cards);
    return limited(stage, `${formatNumber(bytes)} bytes a card`, `≤ ${formatNumber(most)}`, bytes <= most);
  };
  const ofLargest = `PDF of ${formatNumber(largest)} cards, mask`;
  const ofUsual = `PDF of ${formatNumber(size)} cards`;
  return [
    ...measured.map((of) => {
      const goal = of === largest ? 40 : undefined;
      return against(
        `PDF of ${formatNumber(of)} cards, mask`,
        nameOf('mask', of),
        'pdfkit',
        ['pdfkit'],
        goal,
      );
    }),
    against(`${ofLargest}, fastest peer`, mask, fastest, peers, 25),
    ...peers
      .filter((peer) => peer !== 'pdfkit' && peer !== fastest)
      .map((peer) => against(ofLargest, mask, peer, [peer])),
    {
      // What machines that others use too do not change: ours draws on both cores, peers on one.
      stage: `${ofLargest}, by CPU time`,
      ours: `${formatNumber(results.medianOf(mask, cpuRateOf))} cards a CPU second`,
      peer: `pdfkit ${formatNumber(results.medianOf('pdfkit', cpuRateOf))}`,
      ...{ ratio: formatRatio(results.ratio(mask, ['pdfkit'], cpuRateOf)), goal: '' },
    },
    bytesACard(`${ofLargest}, size`, mask, 700),
    against(`${ofUsual}, rectangles, deflated`, rectangles, 'pdfkit', ['pdfkit'], 10),
    bytesACard(`${ofUsual}, rectangles, deflated, size`, rectangles, 1_400),
    against(`${ofUsual}, mask, 20 a sheet, marks`, sheets, 'pdfkit', ['pdfkit']),
    ...growth(results, largest),
  ];
}

function growth(results: Results, largest: number): Row[] {
  const before = sizes[sizes.indexOf(largest) - 1];
  const rss = results.medianOf(nameOf('mask', largest), ({ rssMiB }) => rssMiB);
  const stage = `PDF of ${formatNumber(largest)} cards, memory at its highest`;
  const memory = limited(stage, `${formatNumber(rss)} MiB`, '≤ 200 MiB', rss <= 200);
  if (before === undefined) return [memory];
  const slower = results.ratio(nameOf('mask', before), [nameOf('mask', largest)]);
  return [
    memory,
    {
      stage: `PDF, time a card, ${formatNumber(largest)} against ${formatNumber(before)}`,
      ...{ ours: '', peer: '', ratio: formatRatio(slower) },
      // Below 100,000 cards it is the start of threads that is compared.
      ...(before >= usualCards ? { goal: '≤ 1.15 ×', met: slower <= 1.15 } : { goal: '' }),
    },
  ];
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
