import type { Row } from '../records/record.ts';
import { Refusal } from '../refusal.ts';

/** A template's literal texts and fields in turn: `literals` has one more. */
export interface Template {
  readonly literals: readonly string[];
  readonly fields: readonly string[];
}

/** Splits `面值 {par_value} 元`; `{{` and `}}` stand for brackets. Throws `layout-malformed` for a bracket left alone. */
export function parseTemplate(text: string, at: string): Template {
  const literals: string[] = [''];
  const fields: string[] = [];
  for (const [token] of text.matchAll(/\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+/g)) {
    if (token === '{{' || token === '}}' || !/[{}]/.test(token)) {
      literals[literals.length - 1] += token === '{{' ? '{' : token === '}}' ? '}' : token;
    } else if (token.length > 2) {
      fields.push(token.slice(1, -1));
      literals.push('');
    } else {
      throw new Refusal('layout-malformed', `a lone ${token}; write {{ or }} for a bracket`, { at });
    }
  }
  return { literals, fields };
}

export type Filler = (row: Row) => string;

/** The template with its fields resolved to columns once. Throws `record-field-missing` for a field without a column. */
export function compileTemplate(template: Template, columns: readonly string[], at: string): Filler {
  const [only = '', after = ''] = template.literals;
  const indexes = template.fields.map((field) => {
    const index = columns.indexOf(field);
    if (index < 0) throw new Refusal('record-field-missing', `no column ${field}`, { at });
    return index;
  });
  const [first] = indexes;
  if (first === undefined) return () => only;
  if (indexes.length === 1) {
    if (only === '' && after === '') return (row) => cell(row, first);
    return (row) => only + cell(row, first) + after;
  }
  const rest = template.literals.slice(1);
  return (row) => {
    let text = only;
    for (let i = 0; i < indexes.length; i++) text += cell(row, indexes[i] as number) + rest[i];
    return text;
  };
}

/** A row too short is the caller's bug, and must never become the word "undefined" on a card. */
function cell(row: Row, index: number): string {
  const text = row[index];
  if (text === undefined) throw new RangeError(`a row of ${row.length} texts has no column ${index}`);
  return text;
}
