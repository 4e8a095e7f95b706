import { Refusal, type RefusalPlace } from '../refusal.ts';
import { unsafeCharacter } from './safe-text.ts';

const maxColumns = 1000;
/** Begins with a letter: a line of card numbers is not taken for a header. Braces would end a name in a layout's text. */
const columnName = /^[\p{L}_][^{}]{0,63}$/u;

/**
 * Refuses a header whose names are empty, doubled, or look like data. Names the column by its position only: the first
 * line of a file without a header is a record, and may be a secret.
 */
export function checkColumns(columns: readonly string[], place: RefusalPlace): void {
  const wrong = (detail: string): Refusal => new Refusal('records-header-malformed', detail, place);
  if (columns.length === 0 || columns.length > maxColumns) {
    throw wrong(`${columns.length} columns, from 1 to ${maxColumns} are possible`);
  }
  for (const [index, name] of columns.entries()) {
    const at = `column ${index + 1}`;
    if (name.trim() === '') throw wrong(`${at} has no name`);
    const unsafe = unsafeCharacter(name);
    if (unsafe !== undefined) throw wrong(`${at}: ${unsafe} (lines end with LF or CRLF)`);
    if (name.trim() !== name) throw wrong(`the name of ${at} begins or ends with a space`);
    if (!columnName.test(name)) {
      throw wrong(
        `${at} is no name (a letter, then at most 63 characters, no braces): is this line a record?`,
      );
    }
    const first = columns.indexOf(name);
    if (first !== index) throw wrong(`${at} has the name of column ${first + 1}`);
  }
}
