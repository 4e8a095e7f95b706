import { escapeXmlText } from '../xml/read-xml.ts';
import { fieldList, type Infer, type Schema, type StructSchema } from './schema.ts';

/** How values are written. The defaults are the published form; a maker in the field answers otherwise. */
export interface Dialect {
  /** `camel`: `makingCardNo` rather than `making_card_no`. */
  readonly names: 'snake' | 'camel';
  /** `text`: `"true"` rather than `true`. */
  readonly booleans: 'boolean' | 'text';
  /** `wrapped`: `{"string":[…]}` as API answers have it; `plain`: `[…]`. */
  readonly lists: 'plain' | 'wrapped';
}

export const publishedDialect: Dialect = { names: 'snake', booleans: 'boolean', lists: 'plain' };

/** Encodes a value as JSON text: non-ASCII raw, integers as numbers of any size, absent fields left out. */
export function encodeJson<S extends Schema>(
  schema: S,
  value: Infer<S>,
  dialect: Dialect = publishedDialect,
): string {
  return jsonOf(schema, value, dialect);
}

/** Encodes a struct's fields as XML elements, without a root. */
export function encodeXmlFields<S extends StructSchema>(
  schema: S,
  value: Infer<S>,
  dialect: Dialect = publishedDialect,
): string {
  return xmlFields(schema, value as Record<string, unknown>, dialect);
}

/** Encodes a struct as form fields: scalars as text, structs and lists as JSON text. Absent fields are left out. */
export function encodeFields<S extends StructSchema>(schema: S, value: Infer<S>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, field] of fieldList(schema)) {
    const member = (value as Record<string, unknown>)[name];
    if (member === undefined) continue;
    const { kind } = field.schema;
    result[name] =
      kind === 'struct' || kind === 'list' ? jsonOf(field.schema, member, publishedDialect) : String(member);
  }
  return result;
}

/** `making_card_no` → `makingCardNo` where the dialect asks for it. */
export function wireName(name: string, dialect: Dialect): string {
  return dialect.names === 'snake'
    ? name
    : name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function jsonOf(schema: Schema, value: unknown, dialect: Dialect): string {
  switch (schema.kind) {
    case 'int64':
      return String(value);
    case 'bool':
      return dialect.booleans === 'text' ? `"${value}"` : String(value);
    case 'digits':
      return `"${value}"`;
    case 'text':
    case 'blankable':
    case 'choice':
      return JSON.stringify(value);
    case 'list': {
      const items = `[${(value as readonly unknown[]).map((item) => jsonOf(schema.item, item, dialect)).join(',')}]`;
      return dialect.lists === 'wrapped' ? `{${JSON.stringify(schema.tag)}:${items}}` : items;
    }
    case 'struct': {
      const members: string[] = [];
      for (const [name, field] of fieldList(schema)) {
        const member = (value as Record<string, unknown>)[name];
        if (member !== undefined) {
          members.push(`${JSON.stringify(wireName(name, dialect))}:${jsonOf(field.schema, member, dialect)}`);
        }
      }
      return `{${members.join(',')}}`;
    }
  }
}

function xmlFields(schema: StructSchema, value: Record<string, unknown>, dialect: Dialect): string {
  let xml = '';
  for (const [name, field] of fieldList(schema)) {
    if (value[name] !== undefined)
      xml += xmlElement(wireName(name, dialect), field.schema, value[name], dialect);
  }
  return xml;
}

function xmlElement(name: string, schema: Schema, value: unknown, dialect: Dialect): string {
  const content = xmlContent(schema, value, dialect);
  return content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`;
}

function xmlContent(schema: Schema, value: unknown, dialect: Dialect): string {
  if (schema.kind === 'struct') return xmlFields(schema, value as Record<string, unknown>, dialect);
  if (schema.kind === 'list') {
    return (value as readonly unknown[])
      .map((item) => xmlElement(schema.tag, schema.item, item, dialect))
      .join('');
  }
  return escapeXmlText(String(value));
}
