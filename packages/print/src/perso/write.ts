import { createHash } from 'node:crypto';
import { numberedBatches, type RecordSource, type Row } from '../records/record.ts';
import { checkRow } from '../records/safe-text.ts';
import { Refusal } from '../refusal.ts';
import { encodings } from './encoding.ts';
import type { FieldSettings } from './field.ts';
import { HashTotal } from './hash-total.ts';
import { cardLine, fixedLines, lineEnds } from './line.ts';
import { profileSha256 } from './lock.ts';
import { type ByteSink, type Outflow, plainOutflow, type Seal, sealedOutflow } from './outflow.ts';
import type { PressKey } from './press-key.ts';
import type { PersoProfile } from './profile.ts';
import { holdsSecrets } from './secrecy.ts';

export interface PersoOptions extends FieldSettings {
  /** Encrypts the file to the press. A file with secrets needs it. */
  readonly pressKey?: PressKey;
  /** That a file with secrets is to be written in the clear: nobody should do so unawares. */
  readonly unencrypted?: true;
}

export interface PersoSummary {
  readonly profile: { readonly name: string; readonly sha256: string; readonly isLocked: boolean };
  readonly records: number;
  /** Where the profile makes bundles, a last one that is not full included. */
  readonly bundles?: number;
  /** The hash total, where the profile asks for one. */
  readonly sum?: string;
  /**
   * The file as written. Of an encrypted file, the cipher's bytes: the hash of the plain text stands in its totals only,
   * as it would let whoever reads the summary of a small file try secrets.
   */
  readonly file: Seal;
  readonly encryptedTo?: { readonly kind: PressKey['kind']; readonly fingerprint: string };
}

/** In UTF-16 units: large enough that encoding, hashing and writing cost little, small enough for any memory. */
const blockLength = 1 << 17;

/**
 * Writes a personalisation file (个人化数据文件): every record in order, a line each, in constant memory. The sink may hold
 * part of the file when this rejects: give it a file that is there whole or not at all.
 *
 * Throws a `Refusal`: `perso-encryption-missing`, what a value or a column is refused for, `records-empty`.
 */
export async function writePerso(
  source: RecordSource,
  profile: PersoProfile,
  sink: ByteSink,
  options: PersoOptions = {},
): Promise<PersoSummary> {
  const { pressKey } = options;
  if (pressKey === undefined && options.unencrypted !== true && holdsSecrets(profile)) {
    throw new Refusal('perso-encryption-missing', `profile ${profile.name} has secret columns`);
  }
  const page = new Page(source.columns, profile, options);
  const outflow = pressKey === undefined ? plainOutflow(sink) : sealedOutflow(sink, pressKey);
  try {
    await writeCards(source, page, outflow);
    const { records, bundles, sum } = page;
    const file = await outflow.close();
    return {
      profile: {
        name: profile.name,
        sha256: profileSha256(profile),
        isLocked: profile.lock !== undefined,
      },
      records,
      ...(bundles === undefined ? {} : { bundles }),
      ...(sum === undefined ? {} : { sum }),
      file,
      ...(pressKey === undefined
        ? {}
        : { encryptedTo: { kind: pressKey.kind, fingerprint: pressKey.fingerprint } }),
    };
  } catch (error) {
    await outflow.abort(error);
    throw error;
  }
}

/** One card is held back, since the file's last one ends its bundle. */
async function writeCards(source: RecordSource, page: Page, outflow: Outflow): Promise<void> {
  let held: Row | undefined;
  let heldNo = 0;
  for await (const { rows, recordNos } of numberedBatches(source)) {
    for (let place = 0; place < rows.length; place++) {
      if (held !== undefined) page.add(held, heldNo, false);
      held = rows[place] as Row;
      heldNo = recordNos[place] as number;
      if (page.length >= blockLength) await outflow.write(page.takeBytes());
    }
  }
  if (held === undefined) throw new Refusal('records-empty', 'no card to write');
  page.add(held, heldNo, true);
  await outflow.write(page.takeBytes());
  const totals = page.totals();
  if (totals !== undefined) await outflow.write(totals);
}

/** The lines that are not yet bytes. */
class Page {
  records = 0;
  readonly #columns: readonly string[];
  readonly #profile: PersoProfile;
  readonly #cardLine: ReturnType<typeof cardLine>;
  readonly #fixedLines: ReturnType<typeof fixedLines>;
  readonly #lineEnd: string;
  readonly #hash = createHash('sha256');
  readonly #sumIndex: number;
  readonly #sum = new HashTotal();
  #text = '';

  constructor(columns: readonly string[], profile: PersoProfile, settings: FieldSettings) {
    this.#columns = columns;
    this.#profile = profile;
    this.#cardLine = cardLine(profile, columns, settings);
    this.#fixedLines = fixedLines(profile);
    this.#lineEnd = lineEnds[profile.lineEnd];
    const summed = profile.totals?.sum;
    this.#sumIndex = summed === undefined ? -1 : columns.indexOf(summed);
    if (summed !== undefined && this.#sumIndex < 0) {
      throw new Refusal('record-field-missing', `no column ${summed}`, { at: 'totals.sum' });
    }
    if (profile.byteOrderMark) this.#text += '\ufeff';
    const { header } = this.#fixedLines;
    if (header !== undefined) this.#text += header + this.#lineEnd;
  }

  get length(): number {
    return this.#text.length;
  }

  get bundles(): number | undefined {
    const { bundle } = this.#profile;
    return bundle === undefined ? undefined : Math.ceil(this.records / bundle.size);
  }

  get sum(): string | undefined {
    return this.#sumIndex < 0 ? undefined : this.#sum.toString();
  }

  /** A refusal names the record by the number that it has in its source: of a remake that is not its place in the file. */
  add(row: Row, recordNo: number, isLast: boolean): void {
    try {
      this.#addCard(row, this.records++, isLast);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new Refusal(error.code, error.detail, { ...error.place, recordNo });
    }
  }

  #addCard(row: Row, index: number, isLast: boolean): void {
    checkRow(row, this.#columns, {});
    const { bundle } = this.#profile;
    const inBundle = bundle === undefined ? 0 : (index % bundle.size) + 1;
    const isBundleEnd = isLast || inBundle === bundle?.size;
    this.#text += this.#cardLine(row, index, isBundleEnd) + this.#lineEnd;
    if (this.#sumIndex >= 0) {
      const at = this.#columns[this.#sumIndex] as string;
      this.#sum.add(row[this.#sumIndex] as string, { at });
    }
    if (isBundleEnd && bundle?.marker !== undefined) {
      this.#text += this.#fixedLines.bundleEnd(this.bundles ?? 0, inBundle) + this.#lineEnd;
    }
  }

  takeBytes(): Buffer {
    const bytes = encodings[this.#profile.encoding].encode(this.#text);
    if (bytes === undefined) throw new Error('a value was let through that cannot be encoded');
    this.#text = '';
    this.#hash.update(bytes);
    return bytes;
  }

  /** The line of totals, after everything else was taken. */
  totals(): Buffer | undefined {
    if (this.#profile.totals === undefined) return undefined;
    const { records, sum } = this;
    const sha256 = this.#hash.digest('hex');
    return Buffer.from(
      this.#fixedLines.totals({ records, ...(sum === undefined ? {} : { sum }), sha256 }) + this.#lineEnd,
    );
  }
}
