/**
 * GB18030 as bytes. The runtime only decodes it, so the encoder is its decoder turned round: what is written reads back
 * as the same character, and what would not is refused.
 *
 * That is all of Unicode's scalar values but 19 of private use: U+E5E5, which the decoder of the Encoding Standard never
 * gives, and the 18 (U+E78D–E796, E81E, E826, E82B, E82C, E832, E843, E854, E864) whose two-byte places the edition of
 * 2022 gave to U+FE10–FE19 and U+9FB4–9FBB: the edition of 2005 and that of 2022 differ on them, and so do machines.
 */

/** The supplementary planes follow all four-byte characters of the basic plane, in order (GB 18030 §7). */
const supplementaryPointer = 189_000;
const basicPlanePointers = 39_420;
const replacement = 0xfffd;

interface Places {
  /** By code unit: the two-byte sequence, 0 for none. */
  readonly pairs: Uint16Array;
  /** By code unit: the number of the four-byte sequence, plus 1; 0 for none. */
  readonly pointers: Uint16Array;
}
let places: Places | undefined;

/** How many bytes the text takes; -1 if a character, or half a surrogate pair, cannot be written. */
export function gb18030Length(text: string): number {
  places ??= findPlaces();
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes += 1;
    else if (places.pairs[unit] !== 0) bytes += 2;
    else if (places.pointers[unit] !== 0) bytes += 4;
    else if ((text.codePointAt(i) as number) > 0xffff) {
      bytes += 4;
      i++;
    } else return -1;
  }
  return bytes;
}

/** The text's bytes; undefined if a character, or half a surrogate pair, cannot be written. */
export function encodeGb18030(text: string): Buffer | undefined {
  places ??= findPlaces();
  const out = Buffer.allocUnsafe(text.length * 4);
  let to = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      out[to++] = unit;
      continue;
    }
    const pair = places.pairs[unit] as number;
    if (pair !== 0) {
      out[to++] = pair >> 8;
      out[to++] = pair & 0xff;
      continue;
    }
    const code = text.codePointAt(i) as number;
    const pointer =
      code > 0xffff ? code - 0x10000 + supplementaryPointer : (places.pointers[unit] as number) - 1;
    if (pointer < 0) return undefined;
    if (code > 0xffff) i++;
    writeFourBytes(out, to, pointer);
    to += 4;
  }
  return out.subarray(0, to);
}

function writeFourBytes(out: Buffer, at: number, pointer: number): void {
  out[at] = 0x81 + Math.floor(pointer / 12_600);
  out[at + 1] = 0x30 + (Math.floor(pointer / 1260) % 10);
  out[at + 2] = 0x81 + (Math.floor(pointer / 10) % 126);
  out[at + 3] = 0x30 + (pointer % 10);
}

function findPlaces(): Places {
  const pairs = new Uint16Array(0x10000);
  const pairBytes: number[] = [];
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) if (trail !== 0x7f) pairBytes.push(lead, trail);
  }
  // U+3000 has two places; the first one (A1A1) is the one that is written.
  eachDecoded(Buffer.from(pairBytes), 2, (code, index) => {
    if (pairs[code] === 0)
      pairs[code] = ((pairBytes[2 * index] as number) << 8) | (pairBytes[2 * index + 1] as number);
  });
  const pointers = new Uint16Array(0x10000);
  const quads = Buffer.alloc(basicPlanePointers * 4);
  for (let pointer = 0; pointer < basicPlanePointers; pointer++) writeFourBytes(quads, pointer * 4, pointer);
  eachDecoded(quads, 4, (code, index) => {
    pointers[code] = index + 1;
  });
  return { pairs, pointers };
}

/** Decodes sequences of one size at once, a line feed after each, so that an unassigned one spoils only itself. */
function eachDecoded(sequences: Buffer, size: number, found: (code: number, index: number) => void): void {
  const count = sequences.length / size;
  const lines = Buffer.alloc(count * (size + 1), 0x0a);
  for (let i = 0; i < count; i++) sequences.copy(lines, i * (size + 1), i * size, (i + 1) * size);
  const texts = new TextDecoder('gb18030', { ignoreBOM: true }).decode(lines).split('\n');
  for (let i = 0; i < count; i++) {
    const text = texts[i] as string;
    if (text.length !== 1) continue;
    const code = text.charCodeAt(0);
    if (code !== replacement || isReplacement(sequences.subarray(i * size, (i + 1) * size))) found(code, i);
  }
}

/** U+FFFD has a place of its own; everywhere else it is the decoder's sign of an unassigned sequence. */
function isReplacement(sequence: Buffer): boolean {
  try {
    return new TextDecoder('gb18030', { fatal: true, ignoreBOM: true }).decode(sequence) === '\ufffd';
  } catch {
    return false;
  }
}
