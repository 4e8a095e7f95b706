import { createHash } from 'node:crypto';
import { linesAreSafe } from '../records/safe-text.ts';
import { Refusal } from '../refusal.ts';
import { CardCheck } from './card-check.ts';
import { encodings } from './encoding.ts';
import type { FieldSettings } from './field.ts';
import { HashTotal } from './hash-total.ts';
import { fixedLines, lineEnds } from './line.ts';
import { lineBlocks } from './line-blocks.ts';
import type { PersoProfile } from './profile.ts';
import { placeOfNumber } from './shown.ts';
import { lineSplitter } from './split-line.ts';

export interface PersoCheckOptions extends FieldSettings {
  /** Called for each card: a field's text without padding, in the profile's order. It may hold secrets. */
  readonly onCard?: (texts: readonly string[], recordNo: number) => void;
}

export interface PersoCheck {
  readonly records: number;
  readonly bundles?: number;
  /** The hash total, where the profile asks for one. */
  readonly sum?: string;
  /** Of all bytes before the line of totals. */
  readonly sha256: string;
  /** Cards that the line has marked as made. */
  readonly done: number;
  /** Fields of which only the width could be checked. */
  readonly fieldsByWidth: readonly string[];
}

/**
 * Reads a personalisation file back and checks all of it against its profile, in constant memory: encoding, line ends,
 * header, every field of every card, bundle marks, totals. `pieces` are the plain bytes: `createReadStream(path)`, or a
 * stream that decrypts.
 *
 * Throws `perso-file-damaged` with the first thing that is wrong; the file's contents are never in the message.
 */
export async function readPerso(
  pieces: AsyncIterable<Uint8Array>,
  profile: PersoProfile,
  options: PersoCheckOptions = {},
): Promise<PersoCheck> {
  const reader = new Reader(profile, options);
  for await (const { bytes, isLast } of lineBlocks(pieces)) reader.takeBlock(bytes, isLast);
  return reader.finish();
}

class Reader {
  readonly #profile: PersoProfile;
  readonly #onCard: PersoCheckOptions['onCard'];
  readonly #cards: CardCheck;
  readonly #fixed: ReturnType<typeof fixedLines>;
  readonly #split: ReturnType<typeof lineSplitter>;
  readonly #hash = createHash('sha256');
  readonly #sum = new HashTotal();
  readonly #sumPlace: number | undefined;
  #isOver = false;
  readonly #doneFields: readonly number[];
  #records = 0;
  #done = 0;
  #lineNo = 0;
  /** A card's line that waits to know whether it is the last. */
  #held: string | undefined;
  #totalsLine: string | undefined;

  constructor(profile: PersoProfile, options: PersoCheckOptions) {
    this.#profile = profile;
    this.#onCard = options.onCard;
    this.#cards = new CardCheck(profile, options);
    this.#fixed = fixedLines(profile);
    this.#split = lineSplitter(profile);
    const summed = profile.totals?.sum;
    this.#sumPlace = summed === undefined ? undefined : placeOfNumber(profile, summed);
    this.#doneFields = profile.fields.flatMap(({ from }, index) => (from === 'done-mark' ? [index] : []));
  }

  takeBlock(bytes: Buffer, isLast: boolean): void {
    const isTotals = isLast && this.#profile.totals !== undefined;
    if (!isTotals) this.#hash.update(bytes);
    let text = encodings[this.#profile.encoding].decode(bytes);
    if (text === undefined) throw this.#damaged(`not ${this.#profile.encoding}`);
    if (this.#lineNo === 0) text = this.#withoutMark(text);
    const shown = this.#profile.separator === '\t' ? text.replaceAll('\t', ' ') : text;
    if (!linesAreSafe(shown)) throw this.#damaged('an unsafe character');
    const lines = text.split(lineEnds[this.#profile.lineEnd]);
    if (lines.pop() !== '') throw this.#damaged('a line end of the wrong kind');
    for (const line of lines) {
      this.#lineNo++;
      if (isTotals) this.#totalsLine = line;
      else this.#takeLine(line);
    }
  }

  finish(): PersoCheck {
    const { bundle, totals } = this.#profile;
    if (this.#held !== undefined && bundle?.marker !== undefined) {
      throw this.#damaged('the mark of the last bundle is missing');
    }
    this.#checkHeld(true);
    if (this.#records === 0) throw this.#damaged('no card');
    const sha256 = this.#hash.digest('hex');
    const bundles = bundle === undefined ? undefined : Math.ceil(this.#records / bundle.size);
    const sum = this.#sumPlace === undefined ? undefined : this.#sum.toString();
    const figures = { records: this.#records, ...(sum === undefined ? {} : { sum }) };
    if (totals !== undefined && this.#totalsLine !== this.#fixed.totals({ ...figures, sha256 })) {
      throw this.#damaged('the totals do not fit what stands before them');
    }
    return {
      ...figures,
      ...(bundles === undefined ? {} : { bundles }),
      sha256,
      done: this.#done,
      fieldsByWidth: this.#cards.fieldsByWidth,
    };
  }

  #withoutMark(text: string): string {
    const isMarked = text.startsWith('\ufeff');
    if (isMarked !== (this.#profile.byteOrderMark ?? false)) {
      throw this.#damaged(`${isMarked ? 'a' : 'no'} byte order mark`);
    }
    return isMarked ? text.slice(1) : text;
  }

  #takeLine(line: string): void {
    if (/[\r\n]/.test(line)) throw this.#damaged('a line end of the wrong kind');
    if (this.#lineNo === 1 && this.#fixed.header !== undefined) {
      if (line !== this.#fixed.header) throw this.#damaged('the header differs');
      return;
    }
    const { bundle } = this.#profile;
    if (bundle?.marker !== undefined && this.#held !== undefined) {
      const inBundle = this.#placeInBundle(bundle.size);
      const isFull = inBundle === bundle.size;
      if (line === this.#fixed.bundleEnd(Math.ceil(this.#records / bundle.size), inBundle)) {
        this.#checkHeld(true);
        this.#isOver = !isFull;
        return;
      }
      if (isFull) throw this.#damaged('the mark of a bundle is missing');
    }
    if (this.#isOver) throw this.#damaged('a card after a bundle that is not full');
    this.#checkHeld(false);
    this.#records++;
    this.#held = line;
  }

  #placeInBundle(size: number): number {
    return ((this.#records - 1) % size) + 1;
  }

  #checkHeld(isLast: boolean): void {
    const line = this.#held;
    if (line === undefined) return;
    this.#held = undefined;
    const index = this.#records - 1;
    const cells = this.#split(line);
    if (cells?.length !== this.#profile.fields.length) {
      const detail = 'its fields are not those of the profile';
      throw new Refusal('perso-file-damaged', detail, { recordNo: index + 1 });
    }
    const { bundle } = this.#profile;
    const isBundleEnd = isLast || (bundle !== undefined && this.#placeInBundle(bundle.size) === bundle.size);
    const texts = this.#cards.check(cells, index, isBundleEnd);
    if (this.#sumPlace !== undefined) {
      const place = { recordNo: index + 1, at: this.#profile.fields[this.#sumPlace]?.name ?? '' };
      this.#sum.add(texts[this.#sumPlace] as string, place);
    }
    if (this.#doneFields.some((place) => texts[place]?.trim() !== '')) this.#done++;
    this.#onCard?.(texts, index + 1);
  }

  /** The line is the one being read or, of a whole block, the last one before it. */
  #damaged(detail: string): Refusal {
    return new Refusal('perso-file-damaged', detail, { line: Math.max(1, this.#lineNo) });
  }
}
