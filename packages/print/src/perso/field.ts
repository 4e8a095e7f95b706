import { compileTemplate, type Filler } from '../layout/template.ts';
import type { Row } from '../records/record.ts';
import { Refusal, type RefusalCode } from '../refusal.ts';
import { checkDigits, checkLength, hasCheckDigits } from './check-digits.ts';
import { encodings, isAscii, measureIn } from './encoding.ts';
import { leastMatchSecretBytes, matchKey } from './match-key.ts';
import type { PersoProfile } from './profile.ts';
import type { PersoField, PersoTextField } from './schema.ts';
import { persoTemplate, publicTemplate } from './secrecy.ts';
import { isStripped } from './shown.ts';

/** A field with its columns resolved: `text` is what stands in the file, padded, before quotes. */
export interface FieldPlan {
  readonly name: string;
  /** `index` counts the file's cards from 0. */
  text(row: Row, index: number, isBundleEnd: boolean): string;
}

export interface FieldSettings {
  /** What match keys are made with, at least 16 bytes: the line's camera has it too. */
  readonly matchSecret?: Uint8Array;
  /** The number of the file's first card, where an order is split among files: sequences go on from there. 1 if left out. */
  readonly firstRecordNo?: number;
}

type Value = (row: Row, index: number, isBundleEnd: boolean) => string;
type Change = (text: string, index: number) => string;

/** Throws `record-field-missing` for a column that the source lacks, `perso-match-secret-missing`. */
export function planFields(
  profile: PersoProfile,
  columns: readonly string[],
  settings: FieldSettings,
): readonly FieldPlan[] {
  return profile.fields.map((field, index) => {
    const value = fieldValue(profile, field, columns, settings, `fields[${index}].value`);
    const changes = changesOf(profile, field);
    return {
      name: field.name,
      text(row, cardIndex, isBundleEnd) {
        let text = value(row, cardIndex, isBundleEnd);
        for (let i = 0; i < changes.length; i++) text = (changes[i] as Change)(text, cardIndex);
        return text;
      },
    };
  });
}

function fieldValue(
  profile: PersoProfile,
  field: PersoField,
  columns: readonly string[],
  settings: FieldSettings,
  at: string,
): Value {
  const publicFiller = (text: string): Filler =>
    compileTemplate(publicTemplate(profile.columns, text, at), columns, at);
  switch (field.from) {
    case 'record':
      return compileTemplate(persoTemplate(field.value, at), columns, at);
    case 'sequence': {
      const first = firstOf(field.start, settings);
      return (_, index) => String(first + index);
    }
    case 'bundle-end':
      return (_row, _index, isBundleEnd) => (isBundleEnd ? field.last : field.other);
    case 'done-mark': {
      const blank = ' '.repeat(field.width);
      return () => blank;
    }
    case 'match-key': {
      const fill = publicFiller(field.value);
      const secret = matchSecretOf(settings, at);
      return (row) => matchKey(secret, fill(row), field.characters);
    }
    case 'log':
      return publicFiller(field.value);
  }
}

/** A sequence's number on the file's first card. */
function firstOf(start: number | undefined, settings: FieldSettings): number {
  return (start ?? 1) + (settings.firstRecordNo ?? 1) - 1;
}

function matchSecretOf({ matchSecret }: FieldSettings, at: string): Uint8Array {
  if (matchSecret !== undefined && matchSecret.length >= leastMatchSecretBytes) return matchSecret;
  throw new Refusal('perso-match-secret-missing', `${matchSecret?.length ?? 0} bytes given`, { at });
}

function changesOf(profile: PersoProfile, field: PersoField): readonly Change[] {
  const changes: Change[] = [];
  if (field.from === 'record') changes.push(...textChanges(field));
  if (profile.format === 'csv' && (field.from === 'record' || field.from === 'log'))
    changes.push(...formulaChecks(field));
  if (profile.encoding !== 'utf-8') changes.push(encodable(profile, field));
  if (field.width !== undefined) changes.push(padded(profile, field, field.width));
  return changes;
}

function textChanges(field: PersoTextField): readonly Change[] {
  const changes: Change[] = [];
  if (!field.mayBeEmpty) {
    changes.push((text, index) =>
      text === '' ? refuse('perso-value-empty', 'no text', field, index) : text,
    );
  }
  if (field.case !== undefined) changes.push(field.case === 'upper' ? upper : lower);
  if (field.check !== undefined) changes.push(checked(field, field.check));
  return changes;
}

function formulaChecks(field: Extract<PersoField, { from: 'record' | 'log' }>): readonly Change[] {
  const formula = field.from === 'record' ? field.formula : undefined;
  if (formula === 'allow') return [];
  const mayBeSigned = formula === 'signed-number';
  return [
    (text, index) =>
      startsFormula(text) && !(mayBeSigned && /^[+-]\d+(?:\.\d+)?$/.test(text))
        ? refuse('perso-value-formula', 'its first character is one of = + - @', field, index)
        : text,
  ];
}

const upper: Change = (text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
const lower: Change = (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** Whether a spreadsheet may compute the cell: it begins with = + - @, a tab or CR, or their full-width forms (OWASP, CSV injection). */
export function startsFormula(text: string): boolean {
  switch (text.charCodeAt(0)) {
    case 0x3d:
    case 0x2b:
    case 0x2d:
    case 0x40:
    case 0x09:
    case 0x0d:
    case 0xff1d:
    case 0xff0b:
    case 0xff0d:
    case 0xff20:
      return true;
    default:
      return false;
  }
}

function checked(field: PersoTextField, check: NonNullable<PersoTextField['check']>): Change {
  const { scheme } = check;
  if (check.do === 'append') {
    return (text, index) => {
      if (text === '' && field.mayBeEmpty) return text;
      const digits = checkDigits(scheme, text);
      return digits === undefined
        ? refuse('perso-number-malformed', `${scheme} is computed of digits alone`, field, index)
        : text + digits;
    };
  }
  return (text, index) =>
    hasCheckDigits(scheme, text) || (text === '' && field.mayBeEmpty)
      ? text
      : refuse('perso-check-digit-wrong', `the last ${checkLength(scheme)} by ${scheme}`, field, index);
}

/** Also refuses a character whose second byte in GB18030 is the separator's: a machine that splits bytes would split it. */
function encodable({ encoding, separator, format }: PersoProfile, field: PersoField): Change {
  const { byteLength, encode } = encodings[encoding];
  const splits = format === 'csv' && separator === '|' ? 0x7c : undefined;
  return (text, index) => {
    if (isAscii(text)) return text;
    if (byteLength(text) < 0)
      refuse('perso-character-unencodable', `not all is in ${encoding}`, field, index);
    if (splits !== undefined && encode(text.replaceAll('|', ''))?.includes(splits)) {
      refuse('perso-value-separator', `a character has the byte of | in ${encoding}`, field, index);
    }
    return text;
  };
}

function padded({ encoding, widthIn }: PersoProfile, field: PersoField, width: number): Change {
  const measure = measureIn(encoding, widthIn);
  const { pad } = field;
  return (text, index) => {
    const taken = measure(text);
    if (taken > width) {
      refuse('perso-value-too-wide', `${taken} ${widthIn}, the field has ${width}`, field, index);
    }
    if (pad === undefined) {
      if (taken < width) {
        refuse('perso-value-too-narrow', `${taken} ${widthIn}, the field has ${width}`, field, index);
      }
      return text;
    }
    if (isStripped(pad.character) && text.at(pad.side === 'left' ? 0 : -1) === pad.character) {
      refuse('perso-padding-ambiguous', `its ${pad.side} end is the padding`, field, index);
    }
    const length = text.length + width - taken;
    return pad.side === 'left' ? text.padStart(length, pad.character) : text.padEnd(length, pad.character);
  };
}

function refuse(code: RefusalCode, detail: string, { name }: PersoField, index: number): never {
  throw new Refusal(code, detail, { recordNo: index + 1, at: name });
}
