import { crc32, inflateSync } from 'node:zlib';
import { damaged, tooLarge, unsupported } from './damage.ts';
import { profileBytesAtMost, unfit } from './icc.ts';

export interface PngHeader {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly bitDepth: 1 | 2 | 4 | 8 | 16;
  /** 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha. */
  readonly colourType: 0 | 2 | 3 | 4 | 6;
  readonly interlaced: boolean;
}

/** The parts of a PNG (ISO/IEC 15948) that matter in print; every chunk's sum was checked. */
export interface PngChunks {
  readonly header: PngHeader;
  /** One zlib stream. */
  readonly data: Buffer;
  /** RGB triples. */
  readonly palette: Buffer | undefined;
  readonly transparency: Buffer | undefined;
  readonly icc: Uint8Array | undefined;
  readonly saysSrgb: boolean;
  readonly exif: Buffer | undefined;
  /** Just after IEND. */
  readonly end: number;
}

const depths: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

const once = ['IHDR', 'PLTE', 'tRNS', 'iCCP', 'sRGB', 'eXIf'];

/** Reads the chunks after the signature. Throws `artwork-damaged` for whatever breaks the standard's clauses 5 and 11. */
export function readChunks(bytes: Buffer): PngChunks {
  const found = new Map<string, Buffer>();
  const parts: Buffer[] = [];
  let dataEnd = 0;
  let at = 8;
  for (let name = ''; name !== 'IEND'; ) {
    const body = bodyAt(bytes, at);
    name = bytes.toString('latin1', at + 4, at + 8);
    if (at === 8 && name !== 'IHDR') throw damaged('its header is missing');
    if (once.includes(name) && found.has(name)) throw damaged(`it has two chunks ${name}`);
    const next = at + 12 + body.length;
    if (name === 'IDAT') {
      if (parts.length > 0 && dataEnd !== at) throw damaged('its data are interrupted');
      parts.push(body);
      dataEnd = next;
    } else if (once.includes(name)) {
      if (parts.length > 0 && name !== 'eXIf') throw damaged(`chunk ${name} comes too late`);
      found.set(name, body);
    } else if (/^[A-Z]/.test(name) && name !== 'IEND')
      throw unsupported('PNG with an unknown critical chunk');
    at = next;
  }
  if (parts.length === 0) throw damaged('it has no data');
  const header = headerIn(found.get('IHDR') as Buffer);
  const icc = found.get('iCCP');
  return {
    header,
    data: Buffer.concat(parts),
    palette: paletteOf(header, found.get('PLTE')),
    transparency: found.get('tRNS'),
    icc: icc && inflatedProfile(icc),
    saysSrgb: found.has('sRGB'),
    exif: found.get('eXIf'),
    end: at,
  };
}

function bodyAt(bytes: Buffer, at: number): Buffer {
  if (at + 12 > bytes.length) throw damaged('it ends early');
  const length = bytes.readUInt32BE(at);
  const end = at + 8 + length;
  if (end + 4 > bytes.length) throw damaged('it ends early');
  if (crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(end))
    throw damaged('the sum of a chunk is wrong');
  return bytes.subarray(at + 8, end);
}

function headerIn(body: Buffer): PngHeader {
  if (body.length !== 13) throw damaged('its header has a wrong length');
  const bitDepth = body[8] as number;
  const colourType = body[9] as number;
  if (!depths[colourType]?.includes(bitDepth)) throw damaged('its colour type and bit depth do not exist');
  if (body[10] !== 0 || body[11] !== 0 || (body[12] as number) > 1)
    throw damaged('its header is out of range');
  return {
    widthPx: body.readUInt32BE(0),
    heightPx: body.readUInt32BE(4),
    bitDepth: bitDepth as PngHeader['bitDepth'],
    colourType: colourType as PngHeader['colourType'],
    interlaced: body[12] === 1,
  };
}

function paletteOf({ colourType, bitDepth }: PngHeader, chunk: Buffer | undefined): Buffer | undefined {
  if (colourType !== 3) return undefined;
  if (chunk === undefined) throw damaged('its palette is missing');
  if (chunk.length % 3 !== 0 || chunk.length === 0 || chunk.length > 3 * 2 ** bitDepth) {
    throw damaged('its palette has a wrong length');
  }
  return chunk;
}

function inflatedProfile(chunk: Buffer): Uint8Array {
  const nameEnd = chunk.indexOf(0);
  if (nameEnd < 1 || nameEnd > 79 || chunk[nameEnd + 1] !== 0) throw unfit('its chunk is malformed');
  return inflated(chunk.subarray(nameEnd + 2), profileBytesAtMost, () => tooLarge('its ICC profile'));
}

/** All bytes of one zlib stream that fills `data` to its end. `whenMore` says what it means to be longer. */
export function inflated(data: Buffer, bytesAtMost: number, whenMore: () => Error): Buffer {
  try {
    const { buffer, engine } = inflateSync(data, {
      maxOutputLength: bytesAtMost,
      chunkSize: 256 * 1024,
      info: true,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    if (engine.bytesWritten !== data.length) throw damaged('bytes follow its compressed data');
    return buffer;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw whenMore();
    if (code?.startsWith('Z_')) throw damaged('its compressed data are broken');
    throw error;
  }
}
