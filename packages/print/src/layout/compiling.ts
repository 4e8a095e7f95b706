import type { Ink, SpotInk } from '../draw/ink.ts';
import { k100 } from '../draw/ink.ts';
import { type Pen, ptPerMm } from '../draw/pen.ts';
import type { Typeface } from '../font/typeface.ts';
import type { Artwork } from '../image/artwork.ts';
import type { Row } from '../records/record.ts';
import { Refusal } from '../refusal.ts';
import type { BoxMm } from './box.ts';
import type { Layout, LayoutElement, LayoutInk } from './schema.ts';
import { compileTemplate, type Filler, parseTemplate } from './template.ts';

/** What a layout is compiled for: the fonts, pictures and columns that it names, and the press that it is meant for. */
export interface LayoutResources {
  /** By the name that elements use: typefaces in the order in which they are asked for a glyph. */
  readonly fonts: ReadonlyMap<string, readonly Typeface[]>;
  readonly artworks: ReadonlyMap<string, Artwork>;
  readonly columns: readonly string[];
  /** Codes are laid on this grid of dots. */
  readonly dotsPerInch: number;
  /** From a grid line to the card's lower left corner, in points. [0, 0] where cards themselves are laid on dots. */
  readonly gridOffsetPt?: readonly [x: number, y: number];
  /** Fewer dots a module are refused. 4 unless stated. */
  readonly minDotsPerModule?: number;
  /** For warnings alone: 1.5 mm, 300 %, 300 dpi unless stated. The last is for `checkPictures`. */
  readonly bleedMm?: number;
  readonly maxInkPercent?: number;
  readonly minImageDpi?: number;
}

export type DrawElement = (pen: Pen, row: Row, recordNo: number) => void;

/** All that the kinds of elements need to become a closure. */
export interface Compiling {
  readonly layout: Layout;
  readonly resources: LayoutResources;
  readonly at: string;
}

/** A box in points from the card's lower left corner. */
export interface BoxPt {
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
  readonly top: number;
}

export function boxInPoints({ layout }: Compiling, { xMm, yMm, widthMm, heightMm }: BoxMm): BoxPt {
  const heightOfCardMm = layout.card.heightMm;
  return {
    left: xMm * ptPerMm,
    right: (xMm + widthMm) * ptPerMm,
    top: (heightOfCardMm - yMm) * ptPerMm,
    bottom: (heightOfCardMm - yMm - heightMm) * ptPerMm,
  };
}

/** A declared spot ink, the same object for every element: pens tell inks apart by it. */
export function spotInk(layout: Layout, name: string): SpotInk {
  const spot = layout.spots?.find((declared) => declared.name === name);
  if (spot === undefined) throw new Error(`parseLayout let the spot ink ${name} pass`);
  return spot;
}

export function inkOf(layout: Layout, ink: LayoutInk | undefined): Ink {
  if (ink === undefined) return k100;
  const overprint = ink.overprint ?? false;
  if ('cmyk' in ink) return { kind: 'cmyk', cmyk: ink.cmyk, overprint };
  return { kind: 'spot', spot: spotInk(layout, ink.spot), tint: ink.tint ?? 1, overprint };
}

export function chainOf({ resources, at }: Compiling, font: string): readonly Typeface[] {
  const chain = resources.fonts.get(font);
  if (chain === undefined || chain.length === 0)
    throw new Refusal('layout-font-missing', font, { at: `${at}.font` });
  return chain;
}

export const usualFont = { text: 'sans', password: 'mono' } as const;

export interface ElementText {
  readonly fill: Filler;
  readonly isVariable: boolean;
  /** Nothing of such a text may be named in a refusal. */
  readonly isSecret: boolean;
}

export function textOf({ layout, resources, at }: Compiling, value: string): ElementText {
  const template = parseTemplate(value, `${at}.value`);
  return {
    fill: compileTemplate(template, resources.columns, `${at}.value`),
    isVariable: template.fields.length > 0,
    isSecret: template.fields.some((field) => layout.fields?.[field]?.secret === true),
  };
}

/** A refusal's place; static texts (record 0) belong to no record. */
export function placeOf(at: string, recordNo: number): { at: string; recordNo?: number } {
  return recordNo > 0 ? { at, recordNo } : { at };
}

export function atOf(side: string, index: number, element: LayoutElement): string {
  return `${side}[${index}]${element.name === undefined ? '' : ` (${element.name})`}`;
}
