import { damaged, unsupported } from './damage.ts';
import { EntropyBits, type HuffmanTable, huffmanTable } from './jpeg-bits.ts';
import { type Frame, readFrame } from './jpeg-frame.ts';
import { readScan, type Scan, type ScanComponent } from './jpeg-scan.ts';

/** A stretch of the file: a marker segment without its marker and length. */
export interface JpegSegment {
  readonly marker: number;
  readonly body: Buffer;
  /** With marker and length. */
  readonly start: number;
  readonly end: number;
}

/** A JPEG whose entropy-coded data was walked to the last bit. */
export interface JpegFile {
  readonly frame: Frame;
  /** APP0 to APP15 and comments, in the file's order. */
  readonly notes: readonly JpegSegment[];
  /** Quantisation tables in zigzag order, as they stood at the frame's first scan of their component. */
  readonly quantisation: ReadonlyMap<number, Uint16Array>;
  /** Just after the end-of-image marker. */
  readonly end: number;
}

/** A progressive picture needs about ten; each scan costs a walk over all blocks, so that thousands would be a bomb. */
const scansAtMost = 100;

/**
 * Walks a JPEG (ITU-T T.81: baseline, extended sequential and progressive, Huffman, 8 bits) from its first to its last
 * marker. `keepsCoefficients` says whether those of four-component pictures are wanted.
 *
 * @throws Refusal `artwork-damaged`, `artwork-kind-unsupported` or `artwork-too-large`
 */
export function readJpeg(bytes: Buffer, keepsCoefficients: boolean): JpegFile {
  return new JpegWalk(bytes, keepsCoefficients).file();
}

class JpegWalk {
  readonly #bytes: Buffer;
  readonly #keepsCoefficients: boolean;
  readonly #notes: JpegSegment[] = [];
  readonly #quantisation = new Map<number, Uint16Array>();
  readonly #dc = new Map<number, HuffmanTable>();
  readonly #ac = new Map<number, HuffmanTable>();
  #frame: Frame | undefined;
  #restartEvery = 0;
  #scans = 0;

  constructor(bytes: Buffer, keepsCoefficients: boolean) {
    this.#bytes = bytes;
    this.#keepsCoefficients = keepsCoefficients;
  }

  file(): JpegFile {
    let at = 2;
    for (;;) {
      const marker = this.#markerAt(at);
      if (marker.code === 0xd9) return this.#finished(marker.end);
      const segment = this.#segmentAt(marker.code, marker.start, marker.end);
      at = marker.code === 0xda ? this.#scan(segment) : this.#segment(segment);
    }
  }

  #markerAt(start: number): { code: number; start: number; end: number } {
    let at = start;
    if (this.#bytes[at] === 0xff) while (this.#bytes[at + 1] === 0xff) at++;
    const code = this.#bytes[at + 1];
    if (code === undefined) throw damaged('it ends early');
    if (this.#bytes[at] !== 0xff || code === 0) throw damaged('a marker is missing');
    return { code, start: at, end: at + 2 };
  }

  #segmentAt(marker: number, start: number, at: number): JpegSegment {
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) throw damaged('a marker is out of place');
    if (at + 2 > this.#bytes.length) throw damaged('it ends early');
    const end = at + this.#bytes.readUInt16BE(at);
    if (end < at + 2) throw damaged('a segment has a wrong length');
    if (end > this.#bytes.length) throw damaged('it ends early');
    return { marker, body: this.#bytes.subarray(at + 2, end), start, end };
  }

  #segment(segment: JpegSegment): number {
    const { marker, body, end } = segment;
    if (marker === 0xc4) this.#huffman(body);
    else if (marker === 0xcc) throw unsupported('arithmetic-coded JPEG');
    else if (marker >= 0xc0 && marker <= 0xcf) this.#startFrame(marker, body);
    else if (marker === 0xdb) this.#quantise(body);
    else if (marker === 0xdd) this.#restart(body);
    else if (marker === 0xfe || (marker >= 0xe0 && marker <= 0xef)) this.#notes.push(segment);
    else throw unsupported(`JPEG with marker FF${marker.toString(16).toUpperCase()}`);
    return end;
  }

  #startFrame(marker: number, body: Buffer): void {
    if (this.#frame !== undefined) throw unsupported('JPEG with two frames');
    this.#frame = readFrame(marker, body, this.#keepsCoefficients);
  }

  #restart(body: Buffer): void {
    if (body.length !== 2) throw damaged('a restart interval has a wrong length');
    this.#restartEvery = body.readUInt16BE(0);
  }

  #quantise(body: Buffer): void {
    let at = 0;
    while (at < body.length) {
      const wide = (body[at] as number) >> 4;
      const id = (body[at] as number) & 15;
      const length = wide === 1 ? 128 : 64;
      if (wide > 1 || id > 3 || at + 1 + length > body.length) throw damaged('a quantisation table is wrong');
      const values = body.subarray(at + 1, at + 1 + length);
      const table = Uint16Array.from({ length: 64 }, (_, k) =>
        wide === 1 ? values.readUInt16BE(k * 2) : (values[k] as number),
      );
      if (table.includes(0)) throw damaged('a quantisation table holds a zero');
      if (this.#scans > 0 && this.#quantisation.has(id)) throw unsupported('JPEG with tables that change');
      this.#quantisation.set(id, table);
      at += 1 + length;
    }
  }

  #huffman(body: Buffer): void {
    let at = 0;
    while (at < body.length) {
      const kind = (body[at] as number) >> 4;
      const id = (body[at] as number) & 15;
      const counts = body.subarray(at + 1, at + 17);
      const total = counts.reduce((sum, count) => sum + count, 0);
      const end = at + 17 + total;
      if (kind > 1 || id > 3 || total > 256 || end > body.length) throw damaged('a Huffman table is wrong');
      (kind === 0 ? this.#dc : this.#ac).set(id, huffmanTable(counts, body.subarray(at + 17, end)));
      at = end;
    }
  }

  #scan({ body, end }: JpegSegment): number {
    const frame = this.#frame;
    if (frame === undefined) throw damaged('a scan comes before its frame');
    if (++this.#scans > scansAtMost) throw unsupported(`JPEG with more than ${scansAtMost} scans`);
    const scan = this.#scanHeader(body, frame);
    advance(scan);
    return readScan(this.#bytes, new EntropyBits(this.#bytes, end), scan);
  }

  #scanHeader(body: Buffer, frame: Frame): Scan {
    const count = body[0] ?? 0;
    if (count < 1 || count > 4 || body.length !== 4 + count * 2)
      throw damaged('a scan header has a wrong length');
    const parts = Array.from({ length: count }, (_, index): ScanComponent => {
      const component = frame.components.find(({ id }) => id === body[1 + index * 2]);
      if (component === undefined) throw damaged('a scan names an unknown component');
      if (!this.#quantisation.has(component.quantisation)) throw damaged('a quantisation table is missing');
      const tables = body[2 + index * 2] as number;
      return { component, dc: this.#dc.get(tables >> 4), ac: this.#ac.get(tables & 15) };
    });
    if (new Set(parts.map(({ component }) => component.id)).size !== count) {
      throw damaged('a scan names a component twice');
    }
    const last = body.length - 3;
    const scan: Scan = {
      parts,
      progressive: frame.progressive,
      spectralStart: body[last] as number,
      spectralEnd: body[last + 1] as number,
      high: (body[last + 2] as number) >> 4,
      low: (body[last + 2] as number) & 15,
      restartEvery: this.#restartEvery,
      unitsWide: frame.unitsWide,
      unitsHigh: frame.unitsHigh,
    };
    checkSpectrum(scan);
    return scan;
  }

  #finished(end: number): JpegFile {
    const frame = this.#frame;
    if (frame === undefined) throw damaged('it holds no picture');
    for (const { lowestBit } of frame.components) {
      if (lowestBit[0] !== 0 || lowestBit.some((bit) => bit > 0))
        throw damaged('a part of its scans is missing');
    }
    return { frame, notes: this.#notes, quantisation: this.#quantisation, end };
  }
}

/** T.81, B.2.3 and G.1.1.1. */
function checkSpectrum({ parts, progressive, spectralStart, spectralEnd, high, low }: Scan): void {
  const blocks = parts.reduce((sum, { component }) => sum + component.horizontal * component.vertical, 0);
  const tooMany = parts.length > 1 && blocks > 10;
  const wrong = progressive
    ? spectralEnd > 63 ||
      low > 13 ||
      (high !== 0 && high !== low + 1) ||
      (spectralStart === 0 ? spectralEnd !== 0 : spectralStart > spectralEnd || parts.length > 1)
    : spectralStart !== 0 || spectralEnd !== 63 || high !== 0 || low !== 0;
  if (wrong || tooMany) throw damaged('a scan header is out of range');
}

/** Keeps account of which bits have come: every coefficient's highest first, then one after the other. */
function advance({ parts, spectralStart, spectralEnd, high, low }: Scan): void {
  for (const { component } of parts) {
    const { lowestBit } = component;
    if (spectralStart > 0 && lowestBit[0] === -1) throw damaged('its scans are out of order');
    for (let k = spectralStart; k <= spectralEnd; k++) {
      if (lowestBit[k] !== (high === 0 ? -1 : high)) throw damaged('its scans are out of order');
      lowestBit[k] = low;
    }
  }
}
