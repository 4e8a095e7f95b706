import { crc32, deflateSync } from 'node:zlib';

export interface SamplePng {
  readonly width: number;
  readonly height: number;
  readonly colourType: 0 | 2 | 3 | 4 | 6;
  readonly bitDepth: 1 | 2 | 4 | 8 | 16;
  readonly interlaced?: boolean;
  readonly palette?: readonly number[];
  readonly transparency?: readonly number[];
  /** Chunks before the data, such as ['iCCP', bytes]. */
  readonly extra?: readonly (readonly [string, Uint8Array])[];
  /** A sample, 0 to 2^bitDepth − 1. */
  sample(x: number, y: number, channel: number): number;
}

const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

export function chunk(name: string, body: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), body]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(body.length, 0);
  named.copy(framed, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}

export function pngOf(chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...chunks, chunk('IEND', Buffer.alloc(0))]);
}

export function headerChunk({
  width,
  height,
  colourType,
  bitDepth,
  interlaced,
}: Omit<SamplePng, 'sample'>): Buffer {
  const body = Buffer.alloc(13);
  body.writeUInt32BE(width, 0);
  body.writeUInt32BE(height, 4);
  body.set([bitDepth, colourType, 0, 0, interlaced ? 1 : 0], 8);
  return chunk('IHDR', body);
}

/** A PNG whose rows go through all five filters in turn. */
export function encodePng(png: SamplePng): Buffer {
  const rows = png.interlaced
    ? passes.flatMap(([x, y, across, down]) => encodedRows(png, x, y, across, down))
    : encodedRows(png, 0, 0, 1, 1);
  return pngOf([
    headerChunk(png),
    ...(png.extra ?? []).map(([name, body]) => chunk(name, body)),
    ...(png.palette ? [chunk('PLTE', Uint8Array.from(png.palette))] : []),
    ...(png.transparency ? [chunk('tRNS', Uint8Array.from(png.transparency))] : []),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
  ]);
}

function encodedRows(png: SamplePng, left: number, top: number, across: number, down: number): Buffer[] {
  const pixelBytes = Math.max(1, (channels[png.colourType] * png.bitDepth) >> 3);
  const encoded: Buffer[] = [];
  let above: Buffer | undefined;
  for (let y = top; y < png.height; y += down) {
    const samples: number[] = [];
    for (let x = left; x < png.width; x += across) {
      for (let channel = 0; channel < channels[png.colourType]; channel++)
        samples.push(png.sample(x, y, channel));
    }
    if (samples.length === 0) return [];
    const row = packed(samples, png.bitDepth);
    encoded.push(filtered(row, above ?? Buffer.alloc(row.length), encoded.length % 5, pixelBytes));
    above = row;
  }
  return encoded;
}

function packed(samples: readonly number[], bitDepth: number): Buffer {
  const bits = samples.map((sample) => sample.toString(2).padStart(bitDepth, '0')).join('');
  const bytes = bits.match(/.{1,8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)));
}

function filtered(row: Buffer, above: Buffer, kind: number, pixelBytes: number): Buffer {
  const bytes = [...row].map((value, at) => {
    const a = row[at - pixelBytes] ?? 0;
    const b = above[at] as number;
    const c = above[at - pixelBytes] ?? 0;
    const nearest = [a, b, c].toSorted(
      (one, two) => Math.abs(a + b - c - one) - Math.abs(a + b - c - two),
    )[0] as number;
    return value - ([0, a, b, (a + b) >> 1, nearest][kind] as number);
  });
  return Buffer.from([kind, ...bytes]);
}
