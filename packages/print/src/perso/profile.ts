import { Value } from 'typebox/value';
import * as fault from '../json/schema-fault.ts';
import { parseJsonText } from '../json/text.ts';
import { linesAreSafe } from '../records/safe-text.ts';
import { Refusal } from '../refusal.ts';
import { encodings, measureIn } from './encoding.ts';
import { profileSha256, refuseChanged } from './lock.ts';
import { type PersoField, type PersoProfileJson, persoProfileSchema } from './schema.ts';
import { persoTemplate, publicColumn, publicTemplate } from './secrecy.ts';
import { isStripped, placeOfNumber } from './shown.ts';

declare const isChecked: unique symbol;
/** A profile that `parsePersoProfile` has checked, frozen since. */
export type PersoProfile = PersoProfileJson & { readonly [isChecked]: true };

/**
 * Reads a profile strictly. Throws a `Refusal` with the path and the reason: `perso-profile-malformed`,
 * `perso-profile-changed` where it does not fit its lock, `perso-secret-exposed` where a log string, match key or sum
 * names a secret column.
 */
export function parsePersoProfile(json: unknown): PersoProfile {
  if (!Value.Check(persoProfileSchema, json)) {
    const error = mostTelling(json, Value.Errors(persoProfileSchema, json));
    throw malformed(fault.pathOf(error.instancePath), fault.reasonOf(error));
  }
  refuseChanged(json);
  const profile = freeze(structuredClone(json));
  refuseUnfitSettings(profile);
  profile.fields.forEach((field, index) => {
    refuseUnfitField(profile, field, `fields[${index}]`);
  });
  return profile as PersoProfile;
}

/** `parsePersoProfile` on the text of a file. */
export function parsePersoProfileText(text: string): PersoProfile {
  return parsePersoProfile(parseJsonText(text, (reason) => malformed('', reason)));
}

/** The profile with its lock: once a press has approved a file made by it, nobody changes it unnoticed. */
export function lockProfile(profile: PersoProfile): {
  readonly profile: PersoProfile;
  readonly sha256: string;
} {
  const sha256 = profileSha256(profile);
  return { profile: parsePersoProfile({ ...profile, lock: sha256 }), sha256 };
}

function refuseUnfitSettings(profile: PersoProfileJson): void {
  const { format, encoding } = profile;
  if (format !== 'csv') {
    if (profile.separator !== undefined) throw malformed('separator', 'only CSV has separators');
    if (profile.quotes !== undefined) throw malformed('quotes', 'only CSV has quotes');
  }
  if (format === 'jsonl') {
    if (encoding !== 'utf-8') throw malformed('encoding', 'JSON is UTF-8 (RFC 8259 §8.1)');
    if (profile.byteOrderMark) throw malformed('byteOrderMark', 'JSON has none (RFC 8259 §8.1)');
    if (profile.header) throw malformed('header', 'JSON lines have no header');
  }
  if (profile.byteOrderMark && encoding !== 'utf-8') throw malformed('byteOrderMark', 'only UTF-8 has one');
  if (format === 'fixed-width' && profile.widthIn === undefined) {
    throw malformed('widthIn', 'say whether widths count bytes or characters');
  }
  if (profile.totals?.sum !== undefined) {
    publicColumn(profile.columns, profile.totals.sum, 'totals.sum');
    if (placeOfNumber(profile, profile.totals.sum) === undefined) {
      throw malformed('totals.sum', 'no field shows this column as it is, so nobody could add it up');
    }
  }
  if (profile.totals !== undefined && profile.totals.marker === profile.bundle?.marker) {
    throw malformed('totals.marker', 'bundles have the same marker');
  }
  const names = profile.fields.map(({ name }) => name);
  const doubled = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (doubled >= 0) throw malformed(`fields[${doubled}].name`, 'another field has this name');
}

function refuseUnfitField(profile: PersoProfileJson, field: PersoField, at: string): void {
  if (field.width === undefined) {
    if (profile.format === 'fixed-width') throw malformed(`${at}.width`, 'a fixed-width field needs a width');
    if (field.pad !== undefined) throw malformed(`${at}.pad`, 'a field without width is not padded');
  } else if (profile.widthIn === undefined) {
    throw malformed('widthIn', 'say whether widths count bytes or characters');
  }
  if (profile.header) refuseUnfitHeader(profile, field, at);
  if (field.from === 'record') refuseUnfitText(profile, field, at);
  if (field.from === 'match-key' || field.from === 'log') {
    publicTemplate(profile.columns, field.value, `${at}.value`);
    refuseUnencodable(profile, field.value, `${at}.value`);
  }
  if (field.from === 'done-mark' && field.pad !== undefined)
    throw malformed(`${at}.pad`, 'it is blank already');
  if (field.from === 'bundle-end') {
    if (profile.bundle === undefined) throw malformed('bundle', 'a field marks bundles: state their size');
    if (field.last === field.other) throw malformed(`${at}.last`, 'the last card looks like the others');
  }
}

function refuseUnfitText(
  profile: PersoProfileJson,
  field: Extract<PersoField, { from: 'record' }>,
  at: string,
): void {
  const { fields } = persoTemplate(field.value, `${at}.value`);
  const unlisted = fields.find((name) => !Object.hasOwn(profile.columns, name));
  if (unlisted !== undefined) throw malformed(`${at}.value`, `column ${unlisted.slice(0, 64)} is not listed`);
  refuseUnencodable(profile, field.value, `${at}.value`);
  if (field.check !== undefined && field.pad !== undefined && !isStripped(field.pad.character)) {
    const isHarmless =
      field.pad.side === 'left' && field.pad.character === '0' && field.check.scheme !== 'mod-11-10';
    if (!isHarmless) throw malformed(`${at}.pad`, 'the check digits would no longer hold with it');
  }
  if (field.pad !== undefined && field.mayBeEmpty && fields.some((name) => profile.columns[name]?.secret)) {
    throw malformed(`${at}.mayBeEmpty`, 'a secret that may be blank is a card without its secret');
  }
}

function refuseUnencodable(profile: PersoProfileJson, text: string, at: string): void {
  if (/[\r\n]/.test(text) || !linesAreSafe(text)) throw malformed(at, 'a character that is not seen');
  if (encodings[profile.encoding].byteLength(text) < 0) {
    throw malformed(at, `a character is not in ${profile.encoding}`);
  }
}

function refuseUnfitHeader(profile: PersoProfileJson, { name, width }: PersoField, at: string): void {
  refuseUnencodable(profile, name, `${at}.name`);
  if (profile.format !== 'fixed-width') return;
  const taken = measureIn(profile.encoding, profile.widthIn)(name);
  if (width !== undefined && taken > width)
    throw malformed(`${at}.name`, 'wider than its field in the header');
}

/** Of a field's errors, those of the kind that it says it is; an unknown setting or a missing one before all else. */
function mostTelling(json: unknown, errors: readonly fault.SchemaFault[]): fault.SchemaFault {
  const kinds = persoProfileSchema.properties.fields.items.anyOf.map(
    ({ properties }) => properties.from.const,
  );
  const ofKind = errors.filter(({ schemaPath, instancePath, keyword }) => {
    const branch = /^#\/properties\/fields\/items\/anyOf\/(\d+)/.exec(schemaPath);
    if (branch === null || keyword === 'boolean') return keyword !== 'boolean';
    const index = Number(instancePath.split('/')[2]);
    const from = (json as { fields?: readonly { from?: unknown }[] }).fields?.[index]?.from;
    const kind = kinds.indexOf(from as never);
    return kind < 0 ? instancePath.endsWith('/from') : kind === Number(branch[1]);
  });
  const telling = ofKind.find(({ keyword }) => keyword !== 'anyOf' && keyword !== 'const') ?? ofKind[0];
  return (telling ?? errors[0]) as fault.SchemaFault;
}

function malformed(at: string, detail: string): Refusal {
  return new Refusal('perso-profile-malformed', detail, at === '' ? {} : { at });
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) freeze(member);
    Object.freeze(value);
  }
  return value;
}
