import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { mostTelling, pathOf, reasonOf } from '../json/schema-fault.ts';
import { linesAreSafe } from '../records/safe-text.ts';
import { Refusal } from '../refusal.ts';
import { boxOf } from './box.ts';
import {
  elementSchemas,
  furthestBleedMm,
  type Layout,
  type LayoutElement,
  layoutSchema,
  shellSchema,
} from './schema.ts';
import { type Side, sides } from './sides.ts';
import { parseTemplate } from './template.ts';

/**
 * Reads a layout strictly. Refuses with the path (`front[2].sizePt`) and the reason: what the schema does not know,
 * elements outside the card (text, passwords, codes) or beyond its furthest bleed (the others), names used but not
 * declared or given twice, settings that have no effect. The result is a copy.
 */
export function parseLayout(json: unknown): Layout {
  const layout = plainCopy(json);
  checkShape(layout);
  checkNames(layout);
  for (const side of sides)
    for (const [index, element] of (layout[side] ?? []).entries())
      checkElement(layout, element, `${side}[${index}]`);
  return layout;
}

/** What it would be as a file: no holes, cycles, getters or numbers that JSON cannot write. */
function plainCopy(json: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(json));
  } catch {
    return refuse('', 'it cannot be written as JSON');
  }
}

function refuse(at: string, reason: string): never {
  throw new Refusal('layout-malformed', reason, { at });
}

function checkShape(json: unknown): asserts json is Layout {
  if (Value.Check(layoutSchema, json)) return;
  explain(shellSchema, json, '');
  for (const side of sides)
    for (const [index, element] of ((json as Partial<Record<Side, unknown[]>>)[side] ?? []).entries())
      explain(schemaOf(element, `${side}[${index}]`), element, `${side}[${index}]`);
  refuse('', 'it is not a layout');
}

function schemaOf(element: unknown, at: string): TSchema {
  const { type, symbology } = (element ?? {}) as { type?: unknown; symbology?: unknown };
  const kind = type === 'code' ? `code ${String(symbology)}` : String(type);
  if (Object.hasOwn(elementSchemas, kind)) return elementSchemas[kind as keyof typeof elementSchemas];
  return refuse(at, `no element of this kind; there are ${Object.keys(elementSchemas).join(', ')}`);
}

function explain(schema: TSchema, json: unknown, base: string): void {
  if (Value.Check(schema, json)) return;
  const error = mostTelling(Value.Errors(schema, json));
  refuse(pathOf(error.instancePath, base), reasonOf(error));
}

function checkNames(layout: Layout): void {
  checkText(layout.name, 'name');
  for (const [list, names] of [
    ['fields', Object.keys(layout.fields ?? {})],
    ['artworks', Object.keys(layout.artworks ?? {})],
    ['spots', (layout.spots ?? []).map(({ name }) => name)],
  ] as const) {
    for (const name of names) {
      if (!/^[^{}]{1,64}$/u.test(name)) refuse(list, 'a name has 1 to 64 characters and no brackets');
      checkText(name, list);
    }
    refuseTwice(names, list);
  }
  for (const [name, { file }] of Object.entries(layout.artworks ?? {}))
    checkFile(file, `artworks.${name}.file`);
  for (const side of sides)
    refuseTwice(
      (layout[side] ?? []).flatMap(({ name }) => name ?? []),
      side,
    );
}

/** Layouts come from designers, and what they name is read with the rights of whoever prints. */
function checkFile(file: string, at: string): void {
  checkText(file, at);
  if (/[\\:]/.test(file) || file.split('/').some((step) => step === '' || /^\.+$/.test(step)))
    refuse(at, 'a picture lies beside the layout or in a folder there: a name such as pictures/front.jpg');
}

function refuseTwice(names: readonly string[], at: string): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) refuse(at, `the name ${twice} is given twice`);
}

function checkText(text: string, at: string, mayBreak = false): void {
  if (!linesAreSafe(text) || (!mayBreak && /[\r\n]/.test(text)))
    refuse(at, 'it holds a control, invisible or bidirectional formatting character');
}

function checkElement(layout: Layout, element: LayoutElement, at: string): void {
  if (element.name !== undefined) checkText(element.name, `${at}.name`);
  if (element.layer !== undefined) checkText(element.layer, `${at}.layer`);
  checkPlace(layout, element, at);
  if ('value' in element) {
    checkText(element.value, `${at}.value`, element.type === 'text' && element.overflow === 'wrap');
    if (element.value.includes('\r')) refuse(`${at}.value`, 'lines end with \\n alone');
    for (const field of parseTemplate(element.value, `${at}.value`).fields)
      if (!Object.hasOwn(layout.fields ?? {}, field))
        refuse(`${at}.value`, `the field ${field} is not declared`);
  }
  if (element.type === 'image' && !Object.hasOwn(layout.artworks ?? {}, element.artwork))
    refuse(`${at}.artwork`, `the artwork ${element.artwork} is not declared`);
  const spot = spotOf(element);
  if (spot !== undefined && !layout.spots?.some(({ name }) => name === spot))
    refuse(at, `the spot ink ${spot} is not declared`);
  if (element.type === 'text') checkTextSettings(element, at);
  if (element.type === 'password') checkPasswordSettings(element, at);
}

function spotOf(element: LayoutElement): string | undefined {
  if (element.type === 'panel') return element.spot;
  if (!('ink' in element) || element.ink === undefined || !('spot' in element.ink)) return undefined;
  return element.ink.spot;
}

function checkTextSettings(element: Extract<LayoutElement, { type: 'text' }>, at: string): void {
  const { overflow = 'refuse', minSizePt, maxLines, lineHeight } = element;
  if (minSizePt !== undefined && overflow !== 'shrink')
    refuse(`${at}.minSizePt`, 'only with overflow shrink');
  if (minSizePt !== undefined && minSizePt > element.sizePt) refuse(`${at}.minSizePt`, 'larger than sizePt');
  if (overflow !== 'wrap' && (maxLines !== undefined || lineHeight !== undefined))
    refuse(at, 'maxLines and lineHeight only with overflow wrap');
  checkAnchor(element, at);
}

function checkPasswordSettings(element: Extract<LayoutElement, { type: 'password' }>, at: string): void {
  const { alphabet, gap, group } = element;
  if (gap !== undefined && group === undefined) refuse(`${at}.gap`, 'only with group');
  if (alphabet !== undefined) {
    checkText(alphabet, `${at}.alphabet`);
    if (new Set(alphabet).size !== [...alphabet].length)
      refuse(`${at}.alphabet`, 'a character is given twice');
  }
  checkAnchor(element, at);
}

function checkAnchor(element: Extract<LayoutElement, { type: 'text' | 'password' }>, at: string): void {
  const { anchor = 'top', heightMm } = element;
  if ((anchor === 'middle' || anchor === 'bottom') && heightMm === undefined)
    refuse(`${at}.heightMm`, `anchor ${anchor} needs it`);
  if (heightMm !== undefined && heightMm < (element.sizePt * 25.4) / 72 - 1e-6)
    refuse(`${at}.heightMm`, 'lower than one line');
}

function checkPlace(layout: Layout, element: LayoutElement, at: string): void {
  const { xMm, yMm, widthMm, heightMm } = boxOf(element);
  const inside = element.type === 'text' || element.type === 'password' || element.type === 'code';
  const beyondMm = (inside ? 0 : furthestBleedMm) + 1e-6;
  const { card } = layout;
  if (
    xMm < -beyondMm ||
    yMm < -beyondMm ||
    xMm + widthMm > card.widthMm + beyondMm ||
    yMm + heightMm > card.heightMm + beyondMm
  )
    refuse(
      at,
      inside ? 'it reaches outside the card' : `it reaches more than ${furthestBleedMm} mm outside the card`,
    );
}
