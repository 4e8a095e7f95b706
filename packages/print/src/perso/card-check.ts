import { Refusal } from '../refusal.ts';
import { checkLength } from './check-digits.ts';
import { measureIn } from './encoding.ts';
import { type FieldPlan, type FieldSettings, planFields } from './field.ts';
import { leastMatchSecretBytes } from './match-key.ts';
import type { PersoProfile } from './profile.ts';
import type { PersoField } from './schema.ts';
import { columnsOf, isPlain, isStripped, shownColumns } from './shown.ts';

/** A field and what its cell can be compared with. */
interface Comparison {
  readonly field: PersoField;
  readonly plan: FieldPlan;
  readonly unpad: Unpad;
  /** The places, among all columns, of those that the field names. */
  readonly columns: readonly number[];
  /** How the cell is compared: with its own column, with what other fields show, or by width alone. */
  readonly by: 'itself' | 'others' | 'width';
}

/** A cell without its padding; undefined if it is not of the field's width. */
type Unpad = (cell: string) => string | undefined;

/**
 * Compares a card's cells with the profile: each field is written once more, from the columns that the file shows, and
 * must come out the same. So widths, padding, check digits, sequences, constants, bundle marks, match keys and log
 * strings are checked by one rule.
 */
export class CardCheck {
  /** Fields that were compared by their width alone: done marks, and what depends on columns that the file does not show. */
  readonly fieldsByWidth: readonly string[];
  readonly #columns: readonly string[];
  readonly #comparisons: readonly Comparison[];
  readonly #shown: ReadonlyMap<number, number>;

  constructor(profile: PersoProfile, settings: FieldSettings) {
    this.#columns = Object.keys(profile.columns);
    const { matchSecret = Buffer.alloc(leastMatchSecretBytes) } = settings;
    const plans = planFields(profile, this.#columns, { ...settings, matchSecret });
    const shown = shownColumns(profile);
    this.#shown = new Map([...shown].map(([name, place]) => [this.#columns.indexOf(name), place]));
    this.#comparisons = profile.fields.map((field, index) => {
      const columns = columnsOf(field).map((name) => this.#columns.indexOf(name));
      const isKnown =
        columns.every((column) => this.#shown.has(column)) &&
        !(field.from === 'match-key' && settings.matchSecret === undefined);
      const by =
        field.from === 'done-mark' ? 'width' : isPlain(field) ? 'itself' : isKnown ? 'others' : 'width';
      return { field, plan: plans[index] as FieldPlan, unpad: unpadding(profile, field), columns, by };
    });
    this.fieldsByWidth = this.#comparisons.filter(({ by }) => by === 'width').map(({ field }) => field.name);
  }

  /** Throws `perso-file-damaged` for the first field that is wrong. Returns the cells without padding. */
  check(cells: readonly string[], index: number, isBundleEnd: boolean): readonly string[] {
    const wrong = (detail: string, at: string): Refusal =>
      new Refusal('perso-file-damaged', detail, { recordNo: index + 1, at });
    const texts = cells.map((cell, place) => {
      const { unpad, field } = this.#comparisons[place] as Comparison;
      const text = unpad(cell);
      if (text === undefined) throw wrong('not of the width of its field', field.name);
      return text;
    });
    for (const [place, { by, field, columns, plan }] of this.#comparisons.entries()) {
      if (by === 'width') continue;
      const row: string[] = this.#columns.map(() => '');
      for (const column of columns) row[column] = texts[this.#shown.get(column) ?? place] as string;
      if (by === 'itself') row[columns[0] as number] = ownColumn(field, texts[place] as string);
      let expected: string;
      try {
        expected = plan.text(row, index, isBundleEnd);
      } catch (error) {
        throw error instanceof Refusal ? wrong(`${error.code}, ${error.detail}`, field.name) : error;
      }
      if (expected !== cells[place]) throw wrong(mismatches[field.from], field.name);
    }
    return texts;
  }
}

const mismatches: Readonly<Record<PersoField['from'], string>> = {
  record: 'not what the profile makes of its columns',
  sequence: 'out of sequence',
  'bundle-end': 'the bundle ends elsewhere',
  'done-mark': '',
  'match-key': 'not the match key of its columns',
  log: 'not the log string of its columns',
};

/** What a plain field's column was, as far as writing it again gives the same cell. */
function ownColumn(field: PersoField, text: string): string {
  if (field.from !== 'record' || field.check?.do !== 'append') return text;
  return text.slice(0, -checkLength(field.check.scheme));
}

function unpadding(profile: PersoProfile, field: PersoField): Unpad {
  const { width } = field;
  if (width === undefined) return (cell) => cell;
  const measure = measureIn(profile.encoding, profile.widthIn);
  const { pad } = field;
  if (pad === undefined || !isStripped(pad.character)) {
    return (cell) => (measure(cell) === width ? cell : undefined);
  }
  return (cell) => {
    if (measure(cell) !== width) return undefined;
    let start = 0;
    let end = cell.length;
    if (pad.side === 'left') while (start < end && cell[start] === pad.character) start++;
    else while (end > start && cell[end - 1] === pad.character) end--;
    return cell.slice(start, end);
  };
}
