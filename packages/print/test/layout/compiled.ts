import { type CompiledLayout, compileLayout } from '../../src/layout/compile.ts';
import type { LayoutResources } from '../../src/layout/compiling.ts';
import { parseLayout } from '../../src/layout/parse.ts';
import type { Layout } from '../../src/layout/schema.ts';
import type { RefusalCode } from '../../src/refusal.ts';
import { RecordingPen } from './recording-pen.ts';
import { squareTypeface } from './square-typeface.ts';

export const card = { widthMm: 85.6, heightMm: 53.98, cornerRadiusMm: 3.18, safeMm: 3 };
export const ptPerMm = 72 / 25.4;

export const fonts = new Map([
  ['sans', [squareTypeface('sans')]],
  ['mono', [squareTypeface('mono')]],
]);

/** A layout of the given front, with the fields that its values use. */
export function layoutOf(front: readonly object[], more: object = {}): Layout {
  const used = JSON.stringify(front).matchAll(/\{(\w+)\}/g);
  const fields = Object.fromEntries([...used].map(([, name]) => [name, {}]));
  return parseLayout({ version: 1, name: 'test', card, fields, front, ...more });
}

export function compiledOf(layout: Layout, resources: Partial<LayoutResources> = {}): CompiledLayout {
  const columns = Object.keys(layout.fields ?? {});
  return compileLayout(layout, { fonts, artworks: new Map(), columns, dotsPerInch: 600, ...resources });
}

/** Draws the whole front of one card. */
export function drawn(
  layout: Layout,
  row: readonly string[],
  resources: Partial<LayoutResources> = {},
): RecordingPen {
  const pen = new RecordingPen();
  const face = compiledOf(layout, resources).face('front');
  face.drawStatic(pen);
  face.drawVariable(pen, row, 7);
  return pen;
}

export const refused = (code: RefusalCode, message: RegExp = /./) => ({ name: 'Refusal', code, message });
