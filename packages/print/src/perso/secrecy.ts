import { parseTemplate, type Template } from '../layout/template.ts';
import { Refusal } from '../refusal.ts';
import type { PersoProfileJson } from './schema.ts';

declare const isPublic: unique symbol;
/** A template that names no secret column. Logs, match keys, sums and exports take no other; only this file makes one. */
type PublicTemplate = Template & { readonly [isPublic]: true };
/** A column that the profile lists as not secret. */
export type PublicColumn = string & { readonly [isPublic]: true };

type Columns = PersoProfileJson['columns'];

/** Listed and not secret: what nobody spoke about is kept back. */
function isPublicColumn(columns: Columns, name: string): name is PublicColumn {
  return Object.hasOwn(columns, name) && columns[name]?.secret !== true;
}

/** Throws `perso-secret-exposed` for a column that is secret or not listed. */
export function publicColumn(columns: Columns, name: string, at: string): PublicColumn {
  if (isPublicColumn(columns, name)) return name;
  const why = Object.hasOwn(columns, name) ? 'is secret' : 'is not listed in the profile';
  throw new Refusal('perso-secret-exposed', `column ${name.slice(0, 64)} ${why}`, { at });
}

/** Throws `perso-secret-exposed` where the text names a column that is secret or not listed. */
export function publicTemplate(columns: Columns, text: string, at: string): PublicTemplate {
  const template = persoTemplate(text, at);
  for (const name of template.fields) publicColumn(columns, name, at);
  return template as PublicTemplate;
}

/** Any template of a profile. Throws `perso-profile-malformed` for a lone bracket. */
export function persoTemplate(text: string, at: string): Template {
  try {
    return parseTemplate(text, at);
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal('perso-profile-malformed', error.detail, { at });
    throw error;
  }
}

/** Whether the file holds anything secret. */
export function holdsSecrets(profile: PersoProfileJson): boolean {
  return profile.fields.some(
    (field, index) =>
      field.from === 'record' &&
      persoTemplate(field.value, `fields[${index}].value`).fields.some(
        (name) => !isPublicColumn(profile.columns, name),
      ),
  );
}
