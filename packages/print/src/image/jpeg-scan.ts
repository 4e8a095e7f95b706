import { damaged } from './damage.ts';
import type { EntropyBits, HuffmanTable } from './jpeg-bits.ts';

/** One colour component of a frame. Blocks are counted with the padding to whole units of the interleaved order. */
export interface Component {
  readonly id: number;
  readonly horizontal: number;
  readonly vertical: number;
  readonly quantisation: number;
  /** Blocks that hold pixels: the extent of a scan of this component alone. */
  readonly blocksWide: number;
  readonly blocksHigh: number;
  readonly paddedWide: number;
  readonly paddedHigh: number;
  /** 64 a block in zigzag order; undefined where only the walk is wanted. */
  readonly coefficients: Int16Array | undefined;
  /** Progressive: the lowest bit that has come of each coefficient; -1 for none. */
  readonly lowestBit: Int8Array;
}

export interface ScanComponent {
  readonly component: Component;
  readonly dc: HuffmanTable | undefined;
  readonly ac: HuffmanTable | undefined;
}

/** The parameters of a scan header (T.81, B.2.3). */
export interface Scan {
  readonly parts: readonly ScanComponent[];
  readonly progressive: boolean;
  readonly spectralStart: number;
  readonly spectralEnd: number;
  readonly high: number;
  readonly low: number;
  /** Units between restart markers; 0 for none. */
  readonly restartEvery: number;
  readonly unitsWide: number;
  readonly unitsHigh: number;
}

/** Where predictions and runs of a restart interval stand. */
interface Progress {
  readonly predictions: Int32Array;
  endOfBandRun: number;
}

type BlockDecoder = (
  bits: EntropyBits,
  part: ScanComponent,
  index: number,
  coefficients: Int16Array,
  base: number,
  progress: Progress,
) => void;

const thrownAway = new Int16Array(64);

/** Walks the entropy-coded data of a scan to its end, and gives the position of the marker after it. */
export function readScan(bytes: Uint8Array, bits: EntropyBits, scan: Scan): number {
  const decode = decoderOf(scan);
  const progress: Progress = { predictions: new Int32Array(scan.parts.length), endOfBandRun: 0 };
  const alone = scan.parts.length === 1 ? (scan.parts[0] as ScanComponent) : undefined;
  const wide = alone ? alone.component.blocksWide : scan.unitsWide;
  const units = wide * (alone ? alone.component.blocksHigh : scan.unitsHigh);
  let restarts = 0;
  for (let unit = 0; unit < units; unit++) {
    if (scan.restartEvery > 0 && unit > 0 && unit % scan.restartEvery === 0) {
      restart(bytes, bits, restarts++, progress);
    }
    const row = Math.floor(unit / wide);
    const column = unit - row * wide;
    if (alone) block(alone, 0, row, column);
    else for (let index = 0; index < scan.parts.length; index++) interleaved(index, row, column);
  }
  if (progress.endOfBandRun > 0) throw damaged('a run goes beyond the last block');
  return bits.markerAt();

  function interleaved(index: number, row: number, column: number): void {
    const part = scan.parts[index] as ScanComponent;
    const { horizontal, vertical } = part.component;
    for (let v = 0; v < vertical; v++) {
      for (let h = 0; h < horizontal; h++) block(part, index, row * vertical + v, column * horizontal + h);
    }
  }

  function block(part: ScanComponent, index: number, row: number, column: number): void {
    const { coefficients, paddedWide } = part.component;
    if (coefficients === undefined) decode(bits, part, index, thrownAway, 0, progress);
    else decode(bits, part, index, coefficients, (row * paddedWide + column) * 64, progress);
  }
}

function restart(bytes: Uint8Array, bits: EntropyBits, count: number, progress: Progress): void {
  const at = bits.markerAt();
  if (bytes[at + 1] !== 0xd0 + (count & 7)) throw damaged('a restart marker is missing');
  if (progress.endOfBandRun > 0) throw damaged('a run goes beyond a restart marker');
  bits.restartAt(at + 2);
  progress.predictions.fill(0);
}

function decoderOf({ progressive, spectralStart, spectralEnd, high, low }: Scan): BlockDecoder {
  if (!progressive) return sequentialBlock;
  if (spectralStart === 0) return high === 0 ? dcFirst(low) : dcRefined(low);
  return high === 0 ? acFirst(spectralStart, spectralEnd, low) : acRefined(spectralStart, spectralEnd, low);
}

function tableOf(table: HuffmanTable | undefined): HuffmanTable {
  if (table === undefined) throw damaged('a Huffman table is missing');
  return table;
}

function dcDifference(
  bits: EntropyBits,
  part: ScanComponent,
  index: number,
  { predictions }: Progress,
): number {
  const size = bits.symbol(tableOf(part.dc));
  if (size > 11) throw damaged('a difference is out of range');
  const value = (predictions[index] as number) + bits.signed(size);
  predictions[index] = value;
  return value;
}

const sequentialBlock: BlockDecoder = (bits, part, index, coefficients, base, progress) => {
  coefficients[base] = dcDifference(bits, part, index, progress);
  const ac = tableOf(part.ac);
  for (let k = 1; k < 64; k++) {
    const symbol = bits.symbol(ac);
    const size = symbol & 15;
    k += symbol >> 4;
    if (size === 0) {
      if (symbol === 0) return;
      if (symbol !== 0xf0) throw damaged('a run of zeros is wrong');
      continue;
    }
    if (k > 63 || size > 10) throw damaged('a coefficient is out of range');
    coefficients[base + k] = bits.signed(size);
  }
};

const dcFirst =
  (low: number): BlockDecoder =>
  (bits, part, index, coefficients, base, progress) => {
    coefficients[base] = dcDifference(bits, part, index, progress) << low;
  };

const dcRefined =
  (low: number): BlockDecoder =>
  (bits, _part, _index, coefficients, base) => {
    if (bits.bits(1) === 1) coefficients[base] = (coefficients[base] as number) | (1 << low);
  };

const acFirst =
  (start: number, end: number, low: number): BlockDecoder =>
  (bits, part, _index, coefficients, base, progress) => {
    if (progress.endOfBandRun > 0) {
      progress.endOfBandRun--;
      return;
    }
    const ac = tableOf(part.ac);
    for (let k = start; k <= end; k++) {
      const symbol = bits.symbol(ac);
      const run = symbol >> 4;
      const size = symbol & 15;
      if (size === 0 && run < 15) {
        progress.endOfBandRun = (1 << run) + bits.bits(run) - 1;
        return;
      }
      k += run;
      if (size === 0) continue;
      if (k > end || size > 10) throw damaged('a coefficient is out of range');
      coefficients[base + k] = bits.signed(size) * (1 << low);
    }
  };

/** T.81, G.1.2.3: known coefficients get one bit each on the way past them; new ones are ±1 at this bit. */
const acRefined =
  (start: number, end: number, low: number): BlockDecoder =>
  (bits, part, _index, coefficients, base, progress) => {
    const step = 1 << low;
    let k = start;
    if (progress.endOfBandRun === 0) {
      const ac = tableOf(part.ac);
      for (; k <= end; k++) {
        const symbol = bits.symbol(ac);
        const run = symbol >> 4;
        const size = symbol & 15;
        if (size > 1) throw damaged('a refined coefficient is out of range');
        if (size === 0 && run < 15) {
          progress.endOfBandRun = (1 << run) + bits.bits(run);
          break;
        }
        const fresh = size === 0 ? 0 : bits.bits(1) === 1 ? step : -step;
        k = pastZeros(bits, coefficients, base, k, end, run, step);
        if (fresh === 0) continue;
        if (k > end) throw damaged('a refined coefficient is out of range');
        coefficients[base + k] = fresh;
      }
    }
    if (progress.endOfBandRun > 0) {
      pastZeros(bits, coefficients, base, k, end, 64, step);
      progress.endOfBandRun--;
    }
  };

/** Refines what is known and stops at the zero after `zeros` others. */
function pastZeros(
  bits: EntropyBits,
  coefficients: Int16Array,
  base: number,
  from: number,
  end: number,
  zeros: number,
  step: number,
): number {
  let left = zeros;
  for (let k = from; k <= end; k++) {
    const value = coefficients[base + k] as number;
    if (value === 0) {
      if (left-- === 0) return k;
    } else if (bits.bits(1) === 1 && (value & step) === 0) {
      coefficients[base + k] = value + (value > 0 ? step : -step);
    }
  }
  return end + 1;
}
