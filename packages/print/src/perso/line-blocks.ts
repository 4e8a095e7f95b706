import { maxLineBytes } from '../records/text-lines.ts';
import { Refusal } from '../refusal.ts';

const lineFeed = 0x0a;

/**
 * The bytes in blocks of whole lines; the last line comes as a block of its own, since it may be one of totals that
 * does not count itself. No byte of a longer character of UTF-8 or GB18030 is a line feed.
 *
 * Throws `perso-file-damaged` where the last line has no end or a line is too long to be one.
 */
export async function* lineBlocks(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly bytes: Buffer; readonly isLast: boolean }> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    rest = rest.length === 0 ? Buffer.from(piece) : Buffer.concat([rest, piece]);
    const lastEnd = rest.lastIndexOf(lineFeed);
    const before = lastEnd <= 0 ? -1 : rest.lastIndexOf(lineFeed, lastEnd - 1);
    if (before >= 0) {
      yield { bytes: rest.subarray(0, before + 1), isLast: false };
      rest = rest.subarray(before + 1);
    }
    if (rest.length > 2 * maxLineBytes) throw new Refusal('perso-file-damaged', 'a line without end');
  }
  if (rest.length === 0) throw new Refusal('perso-file-damaged', 'it is empty');
  if (rest.at(-1) !== lineFeed) throw new Refusal('perso-file-damaged', 'its last line is cut off');
  const lastStart = rest.lastIndexOf(lineFeed, rest.length - 2) + 1;
  if (lastStart > 0) yield { bytes: rest.subarray(0, lastStart), isLast: false };
  yield { bytes: rest.subarray(lastStart), isLast: true };
}
