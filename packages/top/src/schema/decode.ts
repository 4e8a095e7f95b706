import { JsonNumber, type JsonValue, readJson } from '../json/read-json.ts';
import { readXml, type XmlElement } from '../xml/read-xml.ts';
import { type Decoded, fieldList, type Infer, type Issue, type Schema, type StructSchema } from './schema.ts';

/**
 * One decoder for every way that a value travels. `form` is the text of one form field (a struct or list in it
 * is JSON text), `json` a JSON value, `xml` an element.
 */
type Wire =
  | { from: 'form'; text: string }
  | { from: 'json'; value: JsonValue }
  | { from: 'xml'; element: XmlElement };

class IssueFound {
  readonly issue: Issue;
  constructor(issue: Issue) {
    this.issue = issue;
  }
}

const int64Max = 2n ** 63n - 1n;
const integerPattern = /^(?:0|-?[1-9][0-9]{0,18})$/;

/** Where in a value the decoder is. Written out (`card_product_infos[3].count`) only where there is an issue. */
type Path = { readonly parent: Path; readonly key: string | number } | undefined;

/** The whole value. */
const top: Path = undefined;

function pathText(path: Path): string {
  if (path === undefined) return '';
  const before = pathText(path.parent);
  if (typeof path.key === 'number') return `${before}[${path.key}]`;
  return before === '' ? path.key : `${before}.${path.key}`;
}

function fail(path: Path, expected: string, found: string): never {
  throw new IssueFound({ path: pathText(path), expected, found });
}

function attempt<T>(work: () => T): Decoded<T> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    if (error instanceof IssueFound) return { ok: false, issue: error.issue };
    throw error;
  }
}

/** Decodes JSON text by a schema. */
export function decodeJson<S extends Schema>(schema: S, json: string): Decoded<Infer<S>> {
  return attempt(() => decodeValue(schema, { from: 'json', value: parseJson(json, top) }, top) as Infer<S>);
}

/** Decodes a JSON value that was read already. */
export function decodeJsonValue<S extends Schema>(schema: S, value: JsonValue): Decoded<Infer<S>> {
  return attempt(() => decodeValue(schema, { from: 'json', value }, top) as Infer<S>);
}

/** Decodes an XML document by a schema; with `rootName`, the root element must have that name. */
export function decodeXml<S extends Schema>(schema: S, xml: string, rootName?: string): Decoded<Infer<S>> {
  return attempt(() => {
    const reading = readXml(xml);
    if (!reading.ok) fail(top, 'an XML document', reading.problem);
    if (rootName !== undefined && reading.root.name !== rootName)
      fail(top, `<${rootName}>`, 'another root element');
    return decodeValue(schema, { from: 'xml', element: reading.root }, top) as Infer<S>;
  });
}

/** Decodes an XML element by a schema. */
export function decodeXmlElement<S extends Schema>(schema: S, element: XmlElement): Decoded<Infer<S>> {
  return attempt(() => decodeValue(schema, { from: 'xml', element }, top) as Infer<S>);
}

/** Decodes named fields (query, form, multipart): scalars as text, structs and lists as JSON text in one field. */
export function decodeFields<S extends StructSchema>(
  schema: S,
  fields: ReadonlyMap<string, string> | Readonly<Record<string, string>>,
): Decoded<Infer<S>> {
  const read = (name: string): string | undefined =>
    fields instanceof Map
      ? fields.get(name)
      : Object.hasOwn(fields, name)
        ? (fields as Record<string, string>)[name]
        : undefined;
  return attempt(() => {
    const result: Record<string, unknown> = {};
    for (const [name, field] of fieldList(schema)) {
      const text = read(name);
      const at: Path = { parent: top, key: name };
      if (text !== undefined && text !== '') {
        result[name] = decodeValue(field.schema, { from: 'form', text }, at);
      } else if (field.required) {
        result[name] = absent(field.schema, at, text === undefined ? 'nothing' : 'an empty text');
      }
    }
    return result as Infer<S>;
  });
}

function parseJson(json: string, path: Path): JsonValue {
  const reading = readJson(json);
  if (!reading.ok) fail(path, 'JSON', `${reading.problem} (at ${reading.offset})`);
  return reading.value;
}

function absent(schema: Schema, path: Path, found: string): unknown {
  if (schema.kind === 'blankable') return '';
  return fail(path, expectation(schema), found);
}

function decodeValue(schema: Schema, wire: Wire, path: Path): unknown {
  switch (schema.kind) {
    case 'struct':
      return decodeStruct(schema, wire, path);
    case 'list':
      return decodeList(schema, wire, path);
    default:
      return decodeScalar(schema, scalarText(schema, wire, path), path);
  }
}

/** The scalar's text; a JSON number may stand for a text and the reverse, as the protocol allows. */
function scalarText(schema: Schema, wire: Wire, path: Path): string {
  if (wire.from === 'form') return wire.text;
  if (wire.from === 'xml') {
    if (wire.element.children.length > 0) fail(path, expectation(schema), 'child elements');
    return wire.element.text;
  }
  const value = wire.value;
  if (typeof value === 'string') return value;
  if (value instanceof JsonNumber && !('quoted' in schema)) return value.source;
  if (typeof value === 'boolean' && schema.kind === 'bool') return String(value);
  return fail(path, expectation(schema), nameOf(value));
}

function decodeScalar(
  schema: Exclude<Schema, { kind: 'struct' | 'list' }>,
  text: string,
  path: Path,
): unknown {
  switch (schema.kind) {
    case 'int64':
    case 'digits': {
      const value = integerPattern.test(text) ? BigInt(text) : undefined;
      const min = schema.kind === 'int64' ? schema.min : 0n;
      if (value === undefined) return fail(path, expectation(schema), 'something else');
      if (value < min || value > int64Max) return fail(path, expectation(schema), 'a number out of range');
      return value;
    }
    case 'bool':
      if (text === 'true') return true;
      return text === 'false' ? false : fail(path, expectation(schema), 'something else');
    case 'choice':
      return schema.options.includes(text) ? text : fail(path, expectation(schema), 'something else');
    case 'text':
    case 'blankable':
      if (text.length > schema.maxLength) return fail(path, expectation(schema), `${text.length} characters`);
      if (text.includes('\u0000')) return fail(path, expectation(schema), 'a NUL character');
      return text === '' && schema.kind === 'text' ? fail(path, expectation(schema), 'an empty text') : text;
  }
}

function decodeStruct(schema: StructSchema, wire: Wire, path: Path): Record<string, unknown> {
  const members = membersOf(wire, path);
  const result: Record<string, unknown> = {};
  for (const [name, field] of fieldList(schema)) {
    const member = members(name);
    const at: Path = { parent: path, key: name };
    if (member !== undefined && !isBlank(member, field.schema))
      result[name] = decodeValue(field.schema, member, at);
    else if (field.required)
      result[name] = absent(field.schema, at, member === undefined ? 'nothing' : 'an empty value');
  }
  return result;
}

/** null, an empty text and an empty element stand for "not given", except where an empty list is meant. */
function isBlank(wire: Wire, schema: Schema): boolean {
  if (wire.from === 'json') return wire.value === null || wire.value === '';
  if (wire.from === 'form') return wire.text === '';
  return schema.kind !== 'list' && wire.element.children.length === 0 && wire.element.text === '';
}

function membersOf(wire: Wire, path: Path): (name: string) => Wire | undefined {
  if (wire.from === 'xml') return xmlMembers(wire.element, path);
  const value = wire.from === 'form' ? parseJson(wire.text, path) : wire.value;
  if (!(value instanceof Map)) return fail(path, 'an object', nameOf(value));
  const object = value as ReadonlyMap<string, JsonValue>;
  return (name) => {
    const member = object.get(name);
    return member === undefined ? undefined : { from: 'json', value: member };
  };
}

function xmlMembers(element: XmlElement, path: Path): (name: string) => Wire | undefined {
  if (element.text.trim() !== '') fail(path, 'child elements', 'text');
  const byName = new Map<string, XmlElement>();
  for (const child of element.children) {
    if (byName.has(child.name))
      fail({ parent: path, key: child.name }, 'one element', 'the same element twice');
    byName.set(child.name, child);
  }
  return (name) => {
    const child = byName.get(name);
    return child === undefined ? undefined : { from: 'xml', element: child };
  };
}

function decodeList(schema: Extract<Schema, { kind: 'list' }>, wire: Wire, path: Path): readonly unknown[] {
  const items = itemsOf(schema, wire, path);
  if (items.length < schema.min || items.length > schema.max) {
    fail(path, expectation(schema), `${items.length} entries`);
  }
  return items.map((item, index) => decodeValue(schema.item, item, { parent: path, key: index }));
}

function itemsOf(schema: Extract<Schema, { kind: 'list' }>, wire: Wire, path: Path): readonly Wire[] {
  if (wire.from === 'xml') {
    if (wire.element.text.trim() !== '') fail(path, expectation(schema), 'text');
    const tags = new Set(wire.element.children.map((child) => child.name));
    if (tags.size > 1) fail(path, 'one repeated element', 'elements of different names');
    return wire.element.children.map((element) => ({ from: 'xml', element }));
  }
  const value = wire.from === 'form' ? parseJson(wire.text, path) : wire.value;
  const array = unwrapList(value, schema.tag);
  if (array === undefined) return fail(path, expectation(schema), nameOf(value));
  return array.map((item) => ({ from: 'json', value: item }));
}

/** API answers wrap a list once: `{"string":[…]}`; `{}` is the empty list. */
function unwrapList(value: JsonValue, tag: string): readonly JsonValue[] | undefined {
  if (Array.isArray(value)) return value;
  if (!(value instanceof Map) || value.size > 1) return undefined;
  if (value.size === 0) return [];
  const wrapped = value.get(tag);
  return Array.isArray(wrapped) ? wrapped : undefined;
}

function nameOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof JsonNumber) return 'a number';
  if (value instanceof Map) return 'an object';
  return typeof value === 'string' ? 'a text' : 'a boolean';
}

/** What a schema accepts, in words, for error messages. */
export function expectation(schema: Schema): string {
  switch (schema.kind) {
    case 'int64':
      return `a 64-bit integer ≥ ${schema.min}`;
    case 'digits':
      return 'an integer ≥ 0 as text, without leading zeros';
    case 'text':
      return `a text of 1 to ${schema.maxLength} characters`;
    case 'blankable':
      return `a text of at most ${schema.maxLength} characters`;
    case 'bool':
      return 'true or false';
    case 'choice':
      return schema.options.join(' | ');
    case 'list':
      return `a list of ${schema.min} to ${schema.max} entries`;
    case 'struct':
      return 'an object';
  }
}
