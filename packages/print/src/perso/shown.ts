import type { PersoField, PersoProfileJson } from './schema.ts';
import { persoTemplate } from './secrecy.ts';

/** The columns that a field is filled from. */
export function columnsOf(field: PersoField): readonly string[] {
  const isFilled = field.from === 'record' || field.from === 'match-key' || field.from === 'log';
  return isFilled ? persoTemplate(field.value, field.name).fields : [];
}

/** Whether the field holds one column and nothing else. */
export function isPlain(field: PersoField): boolean {
  if (field.from !== 'record') return false;
  const { literals, fields } = persoTemplate(field.value, field.name);
  return fields.length === 1 && literals.join('') === '';
}

/** Whether padding is told from the text when it is read: a zero or letter is taken for the text's own. */
export function isStripped(padCharacter: string): boolean {
  return !/[A-Za-z0-9]/.test(padCharacter);
}

/** Which field shows a column's very text: appended digits, a changed case and padding that looks like text hide it. */
export function shownColumns({ fields }: PersoProfileJson): ReadonlyMap<string, number> {
  const shown = new Map<string, number>();
  for (const [index, field] of fields.entries()) {
    if (field.from !== 'record' || !isPlain(field) || field.case !== undefined) continue;
    const isClear = field.pad === undefined || isStripped(field.pad.character);
    if (isClear && field.check?.do !== 'append') shown.set(columnsOf(field)[0] as string, index);
  }
  return shown;
}

/** Which field shows a column of numbers, zeros before them aside; undefined where none does. */
export function placeOfNumber({ fields }: PersoProfileJson, column: string): number | undefined {
  const place = fields.findIndex((field) => {
    if (field.from !== 'record' || !isPlain(field) || columnsOf(field)[0] !== column) return false;
    const { pad, check } = field;
    const isZero = pad?.side === 'left' && pad.character === '0';
    return check?.do !== 'append' && (pad === undefined || isStripped(pad.character) || isZero);
  });
  return place < 0 ? undefined : place;
}
