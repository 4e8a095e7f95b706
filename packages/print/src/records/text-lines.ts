import { isAscii } from 'node:buffer';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Refusal, type RefusalPlace } from '../refusal.ts';

export type TextEncoding = 'utf-8' | 'gb18030';

/** Whole lines, each with its line end; only the file's last may lack one. */
export interface TextBlock {
  readonly text: string;
  /** The number of its first line, from 1. */
  readonly firstLine: number;
}

const blockBytes = 128 * 1024;
/** A line that is longer is no record: without a bound, an unclosed quote or a disk image would fill the memory. */
export const maxLineBytes = 1024 * 1024;
const lineFeed = 0x0a;

const byteOrderMarks: Readonly<Record<TextEncoding, Buffer>> = {
  'utf-8': Buffer.from([0xef, 0xbb, 0xbf]),
  gb18030: Buffer.from([0x84, 0x31, 0x95, 0x33]),
};

/**
 * A file's text in blocks of whole lines, in constant memory. A byte order mark at its start is taken off. Bytes are cut at
 * line feeds before they are decoded (no byte of a longer character of UTF-8 or GB18030 is one), so that bad bytes are
 * known by their line.
 *
 * @throws Refusal when the file cannot be read, when it is not of the `version` any more, or when a line is too long or
 * not in that encoding; lines before it have then been given.
 */
export async function* readTextLines(
  path: string,
  encoding: TextEncoding,
  placeOfLine: (line: number) => RefusalPlace,
  version?: FileVersion,
): AsyncGenerator<TextBlock> {
  const file = await openFile(path, placeOfLine(1));
  try {
    let firstLine = 1;
    for await (const bytes of wholeLines(file, (line) => placeOfLine(line))) {
      if (version !== undefined) await refuseChanged(file, version, placeOfLine(0));
      const marked = firstLine === 1 ? withoutMark(bytes, encoding, placeOfLine(1)) : bytes;
      if (marked.length === 0) continue;
      const text = decode(marked, encoding);
      if (text === undefined) yield* upToBadLine(marked, encoding, firstLine, placeOfLine);
      else yield { text, firstLine };
      firstLine += countLines(marked);
    }
  } finally {
    await file.close();
  }
}

/** What differs when a file was written to or replaced. */
export type FileVersion = string;

/** Undefined for a file that is not there: whoever opens it says so. */
export async function versionAt(path: string): Promise<FileVersion | undefined> {
  return stat(path, { bigint: true }).then(versionOf, () => undefined);
}

function versionOf({ dev, ino, size, mtimeNs }: BigIntStats): FileVersion {
  return [dev, ino, size, mtimeNs].join();
}

/** Looked at after each block: what was read until then was of this version. */
async function refuseChanged(
  file: FileHandle,
  version: FileVersion,
  { file: name }: RefusalPlace,
): Promise<void> {
  if (versionOf(await file.stat({ bigint: true })) === version) return;
  const place = name === undefined ? {} : { file: name };
  throw new Refusal('records-changed', 'it was written to or replaced', place);
}

async function openFile(path: string, { file: name = path }: RefusalPlace): Promise<FileHandle> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new Refusal('records-file-unreadable', error.code ?? 'unknown error', { file: name });
  });
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Refusal('records-file-unreadable', 'not a file that can be read twice', { file: name });
}

/** The yielded bytes are overwritten by the next reading. */
async function* wholeLines(
  file: FileHandle,
  placeOfLine: (line: number) => RefusalPlace,
): AsyncGenerator<Buffer> {
  let buffer = Buffer.allocUnsafe(blockBytes);
  let kept = 0;
  let line = 1;
  for (;;) {
    if (kept === buffer.length) {
      if (kept >= maxLineBytes) {
        throw new Refusal(
          'record-text-too-long',
          `the line has more than ${maxLineBytes} bytes`,
          placeOfLine(line),
        );
      }
      buffer = Buffer.concat([buffer], buffer.length * 2);
    }
    const { bytesRead } = await file.read(buffer, kept, buffer.length - kept);
    const filled = kept + bytesRead;
    if (bytesRead === 0) {
      if (filled > 0) yield buffer.subarray(0, filled);
      return;
    }
    const end = buffer.subarray(0, filled).lastIndexOf(lineFeed) + 1;
    if (end > 0) {
      const lines = buffer.subarray(0, end);
      line += countLines(lines);
      yield lines;
    }
    buffer.copyWithin(0, end, filled);
    kept = filled - end;
  }
}

function withoutMark(bytes: Buffer, encoding: TextEncoding, place: RefusalPlace): Buffer {
  const first = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  if (first === 0xfffe || first === 0xfeff)
    throw new Refusal('records-encoding-wrong', 'it is UTF-16', place);
  const mark = byteOrderMarks[encoding];
  return bytes.subarray(0, mark.length).equals(mark) ? bytes.subarray(mark.length) : bytes;
}

const decoders: Readonly<Record<TextEncoding, InstanceType<typeof TextDecoder>>> = {
  'utf-8': new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
  gb18030: new TextDecoder('gb18030', { fatal: true, ignoreBOM: true }),
};

function decode(bytes: Buffer, encoding: TextEncoding): string | undefined {
  if (isAscii(bytes)) return bytes.toString('latin1');
  try {
    return decoders[encoding].decode(bytes);
  } catch {
    return undefined;
  }
}

function* upToBadLine(
  bytes: Buffer,
  encoding: TextEncoding,
  firstLine: number,
  placeOfLine: (line: number) => RefusalPlace,
): Generator<TextBlock> {
  let start = 0;
  let line = firstLine;
  for (;;) {
    const feed = bytes.indexOf(lineFeed, start);
    const end = feed < 0 ? bytes.length : feed + 1;
    if (decode(bytes.subarray(start, end), encoding) === undefined) break;
    start = end;
    line++;
  }
  const text = decode(bytes.subarray(0, start), encoding);
  if (text) yield { text, firstLine };
  throw new Refusal('records-encoding-wrong', `not ${encoding}`, placeOfLine(line));
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) lines++;
  return lines;
}
