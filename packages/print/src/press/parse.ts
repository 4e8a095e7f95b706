import { Value } from 'typebox/value';
import * as fault from '../json/schema-fault.ts';
import { parseJsonText } from '../json/text.ts';
import { Refusal } from '../refusal.ts';
import { fitSheet } from './fit.ts';
import { type PressProfile, pressSchema } from './schema.ts';

/** Cards on no sheet: so many make a file unless the press says otherwise. */
const defaultCardsPerFile = 100_000;
const defaultSheetsPerFile = 500;

/**
 * Reads a press profile strictly and fills in its defaults. Throws a `Refusal` with the path and the reason:
 * `press-malformed`, or `press-does-not-fit` where the press states its card and the grid is too large for the sheet.
 */
export function parsePress(json: unknown): PressProfile {
  const press = withDefaults(pressSchema, json);
  if (!Value.Check(pressSchema, press)) {
    const error = mostTelling(Value.Errors(pressSchema, press));
    throw malformed(fault.pathOf(error.instancePath), reasonOf(error));
  }
  refuseContradictions(press);
  if (press.sheet !== undefined && press.card !== undefined) fitSheet(press, press.card);
  return press;
}

/** `parsePress` on the text of a file. */
export function parsePressText(text: string): PressProfile {
  return parsePress(parseJsonText(text, (reason) => malformed('', reason)));
}

/** Sheets in one file; cards where the press has no sheet. */
export function pagesPerFile(press: PressProfile): number {
  return press.sheet === undefined
    ? (press.cardsPerFile ?? defaultCardsPerFile)
    : (press.sheetsPerFile ?? defaultSheetsPerFile);
}

function refuseContradictions(press: PressProfile): void {
  if (press.sheet === undefined && press.sheetsPerFile !== undefined)
    throw malformed('sheetsPerFile', 'this press has no sheet; state cardsPerFile');
  if (press.sheet !== undefined && press.cardsPerFile !== undefined)
    throw malformed('cardsPerFile', 'this press has a sheet; state sheetsPerFile');
  if (press.sheet === undefined && Object.values(press.marks ?? {}).some((mark) => mark !== false))
    throw malformed('marks', 'a page of one card has no room for marks; state a sheet');
  // Layers name files, and some disks take UV and uv for one name.
  const fileNames = press.separateLayers.map((layer) => layer.normalize().toLowerCase());
  if (new Set(fileNames).size < fileNames.length)
    throw malformed('separateLayers', 'two layers would have one file on many disks');
  if (fileNames.includes('print'))
    throw malformed(
      'separateLayers',
      'layer "print" is what the other files hold; name the layers that leave it',
    );
}

interface SchemaNode {
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
}

/** Copies known settings and adds defaults; unknown ones stay, for the schema to refuse. */
function withDefaults(schema: object, value: unknown): unknown {
  const { properties } = schema as SchemaNode;
  if (properties === undefined || typeof value !== 'object' || value === null || Array.isArray(value))
    return value;
  const filled = new Map<string, unknown>(Object.entries(value));
  for (const [name, part] of Object.entries(properties)) {
    const given = filled.get(name);
    if (given !== undefined) filled.set(name, withDefaults(part, given));
    else if (part.default !== undefined) filled.set(name, structuredClone(part.default));
  }
  return Object.fromEntries(filled);
}

/** A choice is told before its alternatives. */
function mostTelling(errors: readonly fault.SchemaFault[]): fault.SchemaFault {
  return errors.find(({ keyword }) => keyword === 'anyOf') ?? fault.mostTelling(errors);
}

function reasonOf(error: fault.SchemaFault): string {
  return error.keyword === 'anyOf' ? `must be one of ${allowedAt(error.schemaPath)}` : fault.reasonOf(error);
}

function allowedAt(schemaPath: string): string {
  let node: unknown = pressSchema;
  for (const key of schemaPath.split('/').slice(1)) node = (node as Record<string, unknown>)[key];
  const { anyOf } = node as { anyOf: readonly { const?: unknown }[] };
  return anyOf
    .map((choice) => (choice.const === undefined ? 'true, false' : JSON.stringify(choice.const)))
    .join(', ');
}

function malformed(at: string, detail: string): Refusal {
  return new Refusal('press-malformed', detail, at === '' ? {} : { at });
}
