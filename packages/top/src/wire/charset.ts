/**
 * The charsets of the platform (protocol §1): UTF-8 and the GB family.
 *
 * The GB labels are all read as GB18030, as the WHATWG Encoding Standard does (senders label GBK text `gb2312`), and
 * written as narrowly as the label promises. The writer's table is derived from the runtime's own decoder, so that
 * what was read is written back as the same bytes; libraries differ on some two hundred rare pairs.
 */
import { isUtf8 } from 'node:buffer';

export type Charset = 'utf-8' | 'gbk' | 'gb2312' | 'gb18030';

/** Every charset that a request can be in. */
export const charsets: readonly Charset[] = ['utf-8', 'gbk', 'gb2312', 'gb18030'];

/**
 * The charset that a label names: any case, maybe in double quotes, `utf8` too.
 * No label means UTF-8 (protocol §1); undefined is the answer for a label that is not supported.
 */
export function parseCharset(label: string | undefined): Charset | undefined {
  if (label === undefined) return 'utf-8';
  const name = label
    .trim()
    .replace(/^"(.*)"$/s, '$1')
    .toLowerCase();
  if (name === 'utf8') return 'utf-8';
  return charsets.find((charset) => charset === name);
}

const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const gbDecoder = new TextDecoder('gb18030', { fatal: true, ignoreBOM: true });

/** The text of `bytes`, a leading byte order mark kept; undefined if any byte is not valid in the charset. */
export function decodeBytes(bytes: Uint8Array, charset: Charset): string | undefined {
  try {
    return (charset === 'utf-8' ? utf8Decoder : gbDecoder).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether `decodeBytes` would succeed, without building the text where that can be avoided. */
export function isValidIn(bytes: Uint8Array, charset: Charset): boolean {
  return charset === 'utf-8' ? isUtf8(bytes) : decodeBytes(bytes, charset) !== undefined;
}

/**
 * The bytes of `text`; undefined if it holds a character that the charset cannot carry (or half a surrogate pair).
 * `gbk` and `gb2312` write one- and two-byte characters only; `gb18030` carries all of Unicode but a few
 * private-use code points and the replacement character.
 */
export function encodeText(text: string, charset: Charset): Buffer | undefined {
  if (charset === 'utf-8') return text.isWellFormed() ? Buffer.from(text, 'utf8') : undefined;
  if (isAscii(text)) return Buffer.from(text, 'latin1');
  return encodeGb(text, charset === 'gb18030');
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** GB18030 places the supplementary planes after all four-byte characters of the basic plane, in order. */
const supplementaryPointer = 189_000;
const euro = 0x20ac;

function encodeGb(text: string, fourBytes: boolean): Buffer | undefined {
  gbTable ??= buildGbTable();
  const out = Buffer.allocUnsafe(text.length * 4);
  let to = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i)!;
    if (code > 0xffff) i++;
    if (code < 0x80) {
      out[to++] = code;
      continue;
    }
    const pair = gbTable.pairs[code] ?? 0;
    // The Encoding Standard's GBK encoder, Windows and iconv-lite all write the euro sign as the one byte 80.
    if (code === euro && !fourBytes) out[to++] = 0x80;
    else if (pair !== 0) to = out.writeUInt16BE(pair, to);
    else {
      const pointer =
        code > 0xffff ? code - 0x10000 + supplementaryPointer : (gbTable.pointers[code] ?? 0) - 1;
      if (!fourBytes || pointer < 0) return undefined;
      to = out.writeUInt32BE(fourByteSequence(pointer), to);
    }
  }
  return Buffer.from(out.subarray(0, to));
}

function fourByteSequence(pointer: number): number {
  const first = 0x81 + Math.floor(pointer / 12_600);
  const second = 0x30 + (Math.floor(pointer / 1260) % 10);
  const third = 0x81 + (Math.floor(pointer / 10) % 126);
  return first * 0x1000000 + (second << 16) + (third << 8) + (0x30 + (pointer % 10));
}

/** By code unit: `pairs` holds two-byte sequences (0: none), `pointers` the number of a four-byte one, plus 1. */
interface GbTable {
  readonly pairs: Uint16Array;
  readonly pointers: Uint16Array;
}
let gbTable: GbTable | undefined;

const basicPlanePointers = 39_420;

function buildGbTable(): GbTable {
  const sequences: number[] = [];
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) if (trail !== 0x7f) sequences.push((lead << 8) | trail);
  }
  const pairs = new Uint16Array(0x10000);
  // Where two sequences mean one character, the first is the canonical one (U+3000 is A1A1, not A3A0).
  invert(sequences, 2, (code, index) => {
    if (pairs[code] === 0) pairs[code] = sequences[index]!;
  });
  const pointers = new Uint16Array(0x10000);
  const quads = Array.from({ length: basicPlanePointers }, (_, pointer) => fourByteSequence(pointer));
  invert(quads, 4, (code, index) => {
    pointers[code] = index + 1;
  });
  return { pairs, pointers };
}

/** Decodes all sequences at once, a line break after each, so that an unassigned one spoils only itself. */
function invert(
  sequences: readonly number[],
  size: 2 | 4,
  assign: (code: number, index: number) => void,
): void {
  const bytes = Buffer.alloc(sequences.length * (size + 1), 0x0a);
  for (const [index, sequence] of sequences.entries()) bytes.writeUIntBE(sequence, index * (size + 1), size);
  const texts = new TextDecoder('gb18030', { ignoreBOM: true }).decode(bytes).split('\n');
  for (const [index, text] of texts.entries()) {
    if (text.length === 1 && text !== '\ufffd') assign(text.charCodeAt(0), index);
  }
}
