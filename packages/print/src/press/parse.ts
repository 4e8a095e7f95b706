import type { TLocalizedValidationError } from 'typebox/error';
import { Value } from 'typebox/value';
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
    throw malformed(pathOf(error.instancePath), reasonOf(error));
  }
  refuseContradictions(press);
  if (press.sheet !== undefined && press.card !== undefined) fitSheet(press, press.card);
  return press;
}

/** `parsePress` on the text of a file. */
export function parsePressText(text: string): PressProfile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw malformed('', `not JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  return parsePress(json);
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
  if (press.separateLayers.includes('print'))
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

/** A missing setting is told before an unknown one: both at once are mostly a misspelling, and the list shows it. */
function mostTelling(errors: readonly TLocalizedValidationError[]): TLocalizedValidationError {
  const telling =
    errors.find(({ keyword }) => keyword === 'anyOf') ?? errors.find(({ keyword }) => keyword !== 'boolean');
  return (telling ?? errors[0]) as TLocalizedValidationError;
}

function reasonOf(error: TLocalizedValidationError): string {
  if (error.keyword === 'additionalProperties') {
    const names = error.params.additionalProperties
      .slice(0, 5)
      .map((name) => JSON.stringify(name.slice(0, 40)));
    return `${names.join(', ')}: no such setting`;
  }
  if (error.keyword === 'required') return `${error.params.requiredProperties.join(', ')} must be stated`;
  if (error.keyword === 'anyOf') return `must be one of ${allowedAt(error.schemaPath)}`;
  return error.message;
}

function allowedAt(schemaPath: string): string {
  let node: unknown = pressSchema;
  for (const key of schemaPath.split('/').slice(1)) node = (node as Record<string, unknown>)[key];
  const { anyOf } = node as { anyOf: readonly { const?: unknown }[] };
  return anyOf
    .map((choice) => (choice.const === undefined ? 'true, false' : JSON.stringify(choice.const)))
    .join(', ');
}

/** `/sheet/columns` as `sheet.columns`, `/separateLayers/1` as `separateLayers[1]`. */
function pathOf(pointer: string): string {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.slice(0, 60));
  return parts
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}

function malformed(at: string, detail: string): Refusal {
  return new Refusal('press-malformed', detail, at === '' ? {} : { at });
}
