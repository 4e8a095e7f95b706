import type { SpotInk } from '../draw/ink.ts';
import { type Pen, ptPerMm } from '../draw/pen.ts';
import type { Typeface } from '../font/typeface.ts';
import type { Artwork } from '../image/artwork.ts';
import type { Row } from '../records/record.ts';
import { type BoxMm, boxOf } from './box.ts';
import { checkLayout } from './check.ts';
import { compileCode } from './code.ts';
import {
  atOf,
  type Compiling,
  chainOf,
  type DrawElement,
  type LayoutResources,
  textOf,
  usualFont,
} from './compiling.ts';
import { nowherePen } from './nowhere-pen.ts';
import { compilePassword } from './password.ts';
import type { Layout, LayoutElement } from './schema.ts';
import { compileImage, compileLine, compilePanel, compileRect } from './shapes.ts';
import { type Side, sides, usualLayer } from './sides.ts';
import { compileText } from './text.ts';
import type { LayoutWarning } from './warning.ts';

/**
 * One face of the card, in points from the trim's lower left corner. `drawStatic` draws what is the same on every card
 * and lies below all that varies, `drawVariable` the rest, above it. Nothing is clipped: cut at the bleed.
 */
export interface CompiledFace {
  readonly hasStatic: boolean;
  readonly hasVariable: boolean;
  drawStatic(pen: Pen): void;
  /** Throws a `Refusal` with the record's number and the element; nothing of a secret field is in it. */
  drawVariable(pen: Pen, row: Row, recordNo: number): void;
}

export interface CompiledLayout {
  readonly card: Layout['card'];
  readonly widthPt: number;
  readonly heightPt: number;
  /** The layers that occur, in the order of their first element. */
  readonly layers: readonly string[];
  /** All that faces may draw with, sorted by name: the same for every worker that compiles the same layout. */
  readonly typefaces: readonly Typeface[];
  readonly spots: readonly SpotInk[];
  readonly artworks: readonly Artwork[];
  readonly warnings: readonly LayoutWarning[];
  /** The elements of the layers for which `holds` is true; of all layers without it. */
  face(side: Side, holds?: (layer: string) => boolean): CompiledFace;
}

interface CompiledElement {
  readonly element: LayoutElement;
  readonly layer: string;
  readonly box: BoxMm;
  readonly isVariable: boolean;
  readonly draw: DrawElement;
}

/**
 * Turns a layout into closures that draw cards. Texts are split, columns found, boxes and inks computed here, once.
 * Throws a `Refusal` for a column, font or picture that is not there, for an uneven password typeface, and for a static
 * text or code that does not fit.
 */
export function compileLayout(layout: Layout, resources: LayoutResources): CompiledLayout {
  const compiled: Record<Side, CompiledElement[]> = { front: [], back: [] };
  for (const side of sides)
    for (const [index, element] of (layout[side] ?? []).entries())
      compiled[side].push(compileElement({ layout, resources, at: atOf(side, index, element) }, element));
  const elements = sides.flatMap((side) => compiled[side]);
  for (const { isVariable, draw } of elements) if (!isVariable) draw(nowherePen, [], 0);
  return {
    card: layout.card,
    widthPt: layout.card.widthMm * ptPerMm,
    heightPt: layout.card.heightMm * ptPerMm,
    layers: [...new Set(elements.map(({ layer }) => layer))],
    typefaces: typefacesOf(layout, resources),
    spots: sorted(layout.spots ?? []),
    artworks: sorted(artworksOf(elements, resources)),
    warnings: checkLayout(layout, resources),
    face: (side, holds = () => true) => faceOf(compiled[side].filter(({ layer }) => holds(layer))),
  };
}

function compileElement(compiling: Compiling, element: LayoutElement): CompiledElement {
  const isVariable = 'value' in element && textOf(compiling, element.value).isVariable;
  const draw = drawing(compiling, element);
  return { element, layer: element.layer ?? usualLayer, box: boxOf(element), isVariable, draw };
}

function drawing(compiling: Compiling, element: LayoutElement): DrawElement {
  switch (element.type) {
    case 'image':
      return compileImage(compiling, element);
    case 'text':
      return compileText(compiling, element);
    case 'password':
      return compilePassword(compiling, element);
    case 'code':
      return compileCode(compiling, element);
    case 'rect':
      return compileRect(compiling, element);
    case 'line':
      return compileLine(compiling, element);
    case 'panel':
      return compilePanel(compiling, element);
  }
}

/**
 * Keeps the order of the list where it can be seen: a static element that overlaps one drawn with each card below it is
 * drawn with each card as well. That costs its few bytes a card, and spares all others a second form.
 */
function faceOf(elements: readonly CompiledElement[]): CompiledFace {
  const statics: DrawElement[] = [];
  const variables: DrawElement[] = [];
  const below: BoxMm[] = [];
  for (const { box, isVariable, draw } of elements) {
    if (!isVariable && !below.some((other) => overlap(box, other))) {
      statics.push(draw);
    } else {
      variables.push(draw);
      below.push(box);
    }
  }
  return {
    hasStatic: statics.length > 0,
    hasVariable: variables.length > 0,
    drawStatic: (pen) => {
      for (const draw of statics) draw(pen, [], 0);
    },
    drawVariable: (pen, row, recordNo) => {
      for (let i = 0; i < variables.length; i++) (variables[i] as DrawElement)(pen, row, recordNo);
    },
  };
}

/** Glyphs may stick out of their box a little. */
const overhangMm = 0.5;

function overlap(a: BoxMm, b: BoxMm): boolean {
  return (
    a.xMm < b.xMm + b.widthMm + overhangMm &&
    b.xMm < a.xMm + a.widthMm + overhangMm &&
    a.yMm < b.yMm + b.heightMm + overhangMm &&
    b.yMm < a.yMm + a.heightMm + overhangMm
  );
}

function typefacesOf(layout: Layout, resources: LayoutResources): Typeface[] {
  const used = new Set<Typeface>();
  for (const side of sides)
    for (const [index, element] of (layout[side] ?? []).entries()) {
      if (element.type !== 'text' && element.type !== 'password') continue;
      const compiling = { layout, resources, at: atOf(side, index, element) };
      const chain = chainOf(compiling, element.font ?? usualFont[element.type]);
      for (const typeface of element.type === 'password' ? chain.slice(0, 1) : chain) used.add(typeface);
    }
  return sorted([...used]);
}

function artworksOf(elements: readonly CompiledElement[], { artworks }: LayoutResources): Artwork[] {
  const used = elements.flatMap(({ element }) =>
    element.type === 'image' ? [artworks.get(element.artwork)] : [],
  );
  return [...new Set(used)].filter((artwork) => artwork !== undefined);
}

/** By code units: an order that no locale changes. */
function sorted<T extends { readonly name: string }>(things: readonly T[]): T[] {
  return [...things].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
