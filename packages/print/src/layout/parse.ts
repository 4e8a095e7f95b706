import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { linesAreSafe } from '../records/safe-text.ts';
import { Refusal } from '../refusal.ts';
import {
  elementSchemas,
  furthestBleedMm,
  type Layout,
  type LayoutElement,
  layoutSchema,
  type Side,
  shellSchema,
  sides,
} from './schema.ts';
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
  const errors = Value.Errors(schema, json);
  const error = errors.find(({ keyword }) => keyword !== 'boolean') ?? errors[0];
  if (error === undefined) return;
  const named = Object.values(error.params)
    .flat()
    .filter((value) => typeof value === 'string');
  const which = ['additionalProperties', 'required'].includes(error.keyword) ? `: ${named.join(', ')}` : '';
  refuse(pathOf(base, error.instancePath), `${error.message}${which}`);
}

function pathOf(base: string, pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, step) => {
      if (/^\d+$/.test(step)) return `${path}[${step}]`;
      return path === '' ? step : `${path}.${step}`;
    }, base);
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
    checkText(file, `artworks.${name}.file`);
  for (const side of sides)
    refuseTwice(
      (layout[side] ?? []).flatMap(({ name }) => name ?? []),
      side,
    );
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

/** A box on the card in millimetres from the trim's top left corner. */
export interface BoxMm {
  readonly xMm: number;
  readonly yMm: number;
  readonly widthMm: number;
  readonly heightMm: number;
}

/** What an element may cover; a text without height has the height of its lines at most. */
export function boxOf(element: LayoutElement): BoxMm {
  if (element.type === 'line') {
    const half = ((element.widthPt / 2) * 25.4) / 72;
    const xMm = Math.min(element.x1Mm, element.x2Mm) - half;
    const yMm = Math.min(element.y1Mm, element.y2Mm) - half;
    const widthMm = Math.abs(element.x1Mm - element.x2Mm) + 2 * half;
    return { xMm, yMm, widthMm, heightMm: Math.abs(element.y1Mm - element.y2Mm) + 2 * half };
  }
  const { xMm, yMm } = element;
  if ('sizeMm' in element) return { xMm, yMm, widthMm: element.sizeMm, heightMm: element.sizeMm };
  if (element.type !== 'text' && element.type !== 'password')
    return { xMm, yMm, widthMm: element.widthMm, heightMm: element.heightMm };
  const lines = element.type === 'text' && element.overflow === 'wrap' ? (element.maxLines ?? 2) : 1;
  const lineMm = (element.sizePt * 25.4) / 72;
  const spacing = element.type === 'text' ? (element.lineHeight ?? usualLineHeight) : 1;
  const linesMm = lineMm * (1 + (lines - 1) * spacing);
  const above = element.anchor === 'baseline' ? lineMm : 0;
  return { xMm, yMm: yMm - above, widthMm: element.widthMm, heightMm: element.heightMm ?? linesMm };
}

/** From baseline to baseline, of the type size. */
export const usualLineHeight = 1.3;

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
