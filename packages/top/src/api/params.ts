/** Business parameters of an API call as the text fields that travel and are signed (protocol §2). */
import { formatTimestamp } from '../family/spi-request.ts';
import { decodeFields } from '../schema/decode.ts';
import { encodeFields } from '../schema/encode.ts';
import type { Infer, Issue, StructSchema } from '../schema/schema.ts';
import { isBlank } from './sign.ts';

/** A parameter of a method that has no schema here. Structs and lists travel as JSON text; dates in GMT+8. */
export type ApiParam =
  | string
  | number
  | bigint
  | boolean
  | Date
  | null
  | undefined
  | readonly ApiParam[]
  | { readonly [name: string]: ApiParam };
export type ApiParams = { readonly [name: string]: ApiParam };

export type EncodedParams =
  | { readonly ok: true; readonly fields: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly issue: Issue };

/** Parameters that belong to the protocol, not to any interface. */
export const systemParams: ReadonlySet<string> = new Set([
  'app_key',
  'format',
  'method',
  'partner_id',
  'session',
  'sign',
  'sign_method',
  'simplify',
  'target_app_key',
  'timestamp',
  'v',
]);

class ParamProblem {
  readonly issue: Issue;
  constructor(path: string, expected: string, found: string) {
    this.issue = { path, expected, found };
  }
}

/** Fields of a method of the family: the schema's own decoder must take what is about to be sent. */
export function encodeTypedParams<S extends StructSchema>(schema: S, params: Infer<S>): EncodedParams {
  return attempt(() => {
    const fields = new Map(Object.entries(encodeFields(schema, params)));
    const decoded = decodeFields(schema, fields);
    if (!decoded.ok) throw new ParamProblem(decoded.issue.path, decoded.issue.expected, decoded.issue.found);
    for (const [name, value] of fields) {
      // It would be left out of the call, and the platform would miss it.
      if (isBlank(value) && schema.fields[name]?.required === true)
        throw new ParamProblem(name, 'a value with content', 'white space');
    }
    return fields;
  });
}

/** Fields of any other method. Absent, empty and blank values are left out: the SDKs disagree on signing them. */
export function encodeParams(params: ApiParams): EncodedParams {
  return attempt(() => {
    const fields = new Map<string, string>();
    for (const [name, value] of Object.entries(params)) {
      if (value === undefined || value === null) continue;
      if (name === '' || systemParams.has(name))
        throw new ParamProblem(name, 'a name that is not the protocol’s own', 'another');
      const isStruct = typeof value === 'object' && !(value instanceof Date);
      fields.set(name, isStruct ? jsonText(value, name, 1) : scalarText(value, name));
    }
    return fields;
  });
}

function attempt(work: () => Map<string, string>): EncodedParams {
  try {
    const fields = work();
    for (const [name, value] of fields) {
      if (isBlank(value)) fields.delete(name);
      else if (!value.isWellFormed() || !name.isWellFormed())
        throw new ParamProblem(name, 'text', 'half a surrogate pair');
    }
    return { ok: true, fields };
  } catch (error) {
    if (error instanceof ParamProblem) return { ok: false, issue: error.issue };
    throw error;
  }
}

function scalarText(value: Exclude<ApiParam, object | null | undefined> | Date, path: string): string {
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new ParamProblem(path, 'a date', 'an invalid one');
    return formatTimestamp(value.getTime());
  }
  if (typeof value !== 'number') return String(value);
  const text = String(value);
  if (!/^-?\d+(?:\.\d+)?$/.test(text) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
    throw new ParamProblem(path, 'a number that is exact in decimal', 'another (use bigint or text)');
  return text;
}

const maxDepth = 16;

function jsonText(value: ApiParam, path: string, depth: number): string {
  if (depth > maxDepth) throw new ParamProblem(path, `at most ${maxDepth} levels`, 'more');
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string' || value instanceof Date) return JSON.stringify(asText(value, path));
  if (typeof value !== 'object') return scalarText(value, path);
  if (isList(value)) {
    return `[${value.map((item, index) => jsonText(item, `${path}[${index}]`, depth + 1)).join(',')}]`;
  }
  const members: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    members.push(`${JSON.stringify(name)}:${jsonText(member, `${path}.${name}`, depth + 1)}`);
  }
  return `{${members.join(',')}}`;
}

function asText(value: string | Date, path: string): string {
  return typeof value === 'string' ? value : scalarText(value, path);
}

function isList(value: object): value is readonly ApiParam[] {
  return Array.isArray(value);
}
