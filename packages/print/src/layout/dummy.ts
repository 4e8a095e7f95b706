import type { Row } from '../records/record.ts';
import { Refusal } from '../refusal.ts';
import type { DummyKind, ElementOf, Layout } from './schema.ts';
import { sides } from './sides.ts';
import { parseTemplate } from './template.ts';

/** A secret is taken to shine through where so many of its characters in a row can be read. */
const tellingLength = 4;
const usualSampleLength = 16;

/** What a field without record, sample or length shows. */
const plainSample = (index: number): string => String(index + 1).padStart(8, '0');

/**
 * The row as proofs, previews and labels may show it. Secret fields, and others that declare a dummy, become dummies of
 * the same length: of a secret nothing but its length is used, unless it shares four characters with a dummy, which is
 * then replaced by another. Columns that the layout does not declare are emptied; other fields stay. With an index instead
 * of a row, fields show their `sample`. Throws `proof-shows-secret` where a field that would stay holds a secret.
 */
export function dummyRow(layout: Layout, columns: readonly string[], rowOrIndex: Row | number): Row {
  const row = typeof rowOrIndex === 'number' ? sampleRow(layout, columns, rowOrIndex) : rowOrIndex;
  const secrets = rowOrIndex === row ? secretsOf(layout, columns, row) : [];
  return columns.map((column, index) => {
    const field = fieldOf(layout, column);
    const value = row[index] ?? '';
    if (field === undefined) return '';
    if (field.secret === true || field.dummy !== undefined)
      return dummyFor(layout, column, field.dummy ?? 'same-width', value.length, secrets);
    if (secrets.some((secret) => secret.length >= tellingLength && value.includes(secret)))
      throw new Refusal('proof-shows-secret', `the field ${column} holds a secret field's value`, {
        at: column,
      });
    return value;
  });
}

function fieldOf(layout: Layout, column: string): NonNullable<Layout['fields']>[string] | undefined {
  const { fields = {} } = layout;
  return Object.hasOwn(fields, column) ? fields[column] : undefined;
}

function secretsOf(layout: Layout, columns: readonly string[], row: Row): string[] {
  return columns.flatMap((column, index) =>
    fieldOf(layout, column)?.secret === true ? (row[index] ?? '') : [],
  );
}

function sampleRow(layout: Layout, columns: readonly string[], index: number): Row {
  return columns.map((column) => {
    const { sample, secret } = fieldOf(layout, column) ?? {};
    if (sample !== undefined) return sample;
    const length = passwordsOf(layout, column).find(({ value }) => value === `{${column}}`)?.length;
    if (length !== undefined || secret === true) return '0'.repeat(length ?? usualSampleLength);
    return plainSample(index);
  });
}

/** The password elements that show this field: its dummy must be of their alphabet. */
function passwordsOf(layout: Layout, column: string): ElementOf<'password'>[] {
  return sides
    .flatMap((side) => layout[side] ?? [])
    .filter((element) => element.type === 'password')
    .filter(({ value }) => parseTemplate(value, column).fields.includes(column));
}

function dummyFor(
  layout: Layout,
  column: string,
  kind: DummyKind,
  length: number,
  secrets: readonly string[],
): string {
  const alphabet = passwordsOf(layout, column).map((element) => element.alphabet ?? digits)[0];
  for (const candidate of candidates(kind, length, alphabet))
    if (!secrets.some((secret) => shinesThrough(candidate, secret))) return candidate;
  throw new Refusal('proof-shows-secret', `no dummy for ${column} is unlike the secrets of this record`, {
    at: column,
  });
}

const digits = '8012345679';
const letters = 'XYZABCDEFGHIJKLMNOPQRSTUVW';
const dummyUrl = 'https://example.invalid/';
const dummyWords = ['sample-', 'specimen-', 'dummy-'];
/** Lower case, so that a QR code of the dummy is in bytes and as large as that of the value. */
const dummyLetters = ['x', 'z', 'q', 'j', 'w', 'v'];

function candidates(kind: DummyKind, length: number, alphabet: string | undefined): string[] {
  if (kind === 'same-width' && alphabet === undefined) {
    const filled = (word: string, start = ''): string => (start + word.repeat(length)).slice(0, length);
    const start = length > dummyUrl.length ? dummyUrl : '';
    return [
      ...dummyWords.map((word) => filled(word, start)),
      ...dummyLetters.map((letter) => filled(letter)),
    ];
  }
  const wanted = [...(kind === 'letters' ? letters : digits)];
  const allowed = [...(alphabet ?? wanted)];
  const characters = [...wanted.filter((character) => allowed.includes(character)), ...allowed];
  return [...new Set(characters)].map((character) => character.repeat(length));
}

/** That a secret is an address of the web is no secret. */
const scheme = /^https?:\/\//i;

function shinesThrough(shown: string, secret: string): boolean {
  const telling = secret.replace(scheme, '');
  if (telling.length < tellingLength) return telling !== '' && shown === secret;
  for (let i = 0; i + tellingLength <= telling.length; i++)
    if (shown.includes(telling.slice(i, i + tellingLength))) return true;
  return false;
}
