import { type Ink, k100, type SpotInk } from '../draw/ink.ts';
import { openTypeface } from '../font/open-typeface.ts';
import type { Typeface } from '../font/typeface.ts';
import type { Artwork } from '../image/artwork.ts';
import { type Box, type Geometry, geometryOf, type SideGeometry } from '../imposition/geometry.ts';
import { drawStaticMarks } from '../imposition/marks.ts';
import { drawVoid } from '../imposition/void.ts';
import { type CompiledFace, type CompiledLayout, compileLayout } from '../layout/compile.ts';
import { proofFace } from '../layout/proof.ts';
import type { Layout, LayoutElement } from '../layout/schema.ts';
import { sides, usualLayer } from '../layout/sides.ts';
import { PdfPen } from '../pdf/pen.ts';
import { PdfResources } from '../pdf/resources.ts';
import type { DrawerSetup, RunOutput } from './setup.ts';

/** One side of an output's pages: where cards lie, what is drawn of them, and the forms that all pages share. */
export interface OutputSide {
  readonly geometry: SideGeometry;
  readonly face: CompiledFace;
  readonly staticForm: string | undefined;
  readonly marksForm: string | undefined;
}

export interface OpenedOutput {
  readonly name: string;
  readonly resources: PdfResources;
  /** Of slugs and VOID: black, or every plate of a file that has no black one. */
  readonly markInk: Ink;
  readonly sides: readonly OutputSide[];
  /** Draws what pages share; returns the glyphs that it used, a list for each typeface of the resources. */
  drawForms(write: (name: string, content: Uint8Array, box: Box) => void): Uint16Array[];
}

/** A setup with its fonts opened and its layout compiled: the same in every thread. */
export interface RunDocument {
  readonly setup: DrawerSetup;
  readonly compiled: CompiledLayout;
  readonly artworks: ReadonlyMap<string, Artwork>;
  readonly geometry: Geometry;
  readonly sides: readonly SideGeometry[];
  readonly isDeflated: boolean;
  readonly markTypeface: Typeface;
  readonly outputs: readonly OpenedOutput[];
}

const voidForm = 'void';

/** Throws the `Refusal` of a font, layout or press that cannot be used. */
export function openDocument(setup: DrawerSetup): RunDocument {
  const { layout, press } = setup;
  const typefaces = new Map(setup.fonts.map(({ name, bytes }) => [name, openTypeface(name, bytes)]));
  const fonts = new Map(
    Object.entries(setup.fontChains).map(([name, chain]) => [
      name,
      chain.map((part) => known(typefaces, part)),
    ]),
  );
  const artworks = new Map(setup.artworks.map((artwork) => [artwork.name, artwork]));
  const compiled = compileLayout(layout, {
    fonts,
    artworks,
    columns: setup.columns,
    dotsPerInch: press.dotsPerInch,
    minDotsPerModule: press.minDotsPerModule,
    bleedMm: press.bleedMm,
    maxInkPercent: press.maxInkPercent,
    minImageDpi: press.minImageDpi,
  });
  const geometry = geometryOf(press, layout.card, layout.back === undefined ? 1 : 2);
  const markTypeface = known(typefaces, setup.markTypeface);
  const document = {
    setup,
    compiled,
    artworks,
    geometry,
    sides: geometry.back === undefined ? [geometry.front] : [geometry.front, geometry.back],
    isDeflated: press.compress,
    markTypeface,
  };
  return { ...document, outputs: setup.outputs.map((output) => openOutput(document, output)) };
}

function openOutput(document: Omit<RunDocument, 'outputs'>, output: RunOutput): OpenedOutput {
  const { compiled, geometry, setup, markTypeface } = document;
  const elements = elementsOf(setup.layout, output);
  const hasMarks = setup.press.marks !== undefined;
  const outputSides = document.sides.map((side): OutputSide => {
    const drawn = compiled.face(side.side, (layer) => output.layers.includes(layer));
    const face = setup.isProof ? proofFace(drawn, setup.layout, setup.columns, [markTypeface]) : drawn;
    const staticForm = face.hasStatic ? `${side.side}-face` : undefined;
    return { geometry: side, face, staticForm, marksForm: hasMarks ? `${side.side}-marks` : undefined };
  });
  const mayBeVoid = geometry.positions > 1;
  const needsMarkTypeface = hasMarks || mayBeVoid || setup.isProof;
  const hasProcessInks = elements.some(usesProcessInks);
  const markInk: Ink = hasProcessInks ? k100 : { kind: 'registration', tint: 1 };
  const resources = new PdfResources({
    typefaces: [
      ...(elements.some(hasText) ? compiled.typefaces : []),
      ...(needsMarkTypeface ? [markTypeface] : []),
    ],
    spots: spotsOf(elements, compiled.spots),
    artworks: artworksOf(elements, compiled.artworks),
    forms: [
      ...outputSides.flatMap(({ staticForm, marksForm }) => [staticForm, marksForm]),
      mayBeVoid ? voidForm : undefined,
    ].filter((form) => form !== undefined),
  });
  return {
    name: output.name,
    resources,
    markInk,
    sides: outputSides,
    drawForms(write) {
      const pen = new PdfPen(resources, { codes: setup.press.codes });
      const draw = (name: string, box: Box, drawIt: () => void): void => {
        pen.reset('form');
        drawIt();
        write(name, pen.bytes(), box);
      };
      const inks = { process: hasProcessInks, spots: resources.spots };
      for (const { geometry: side, face, staticForm, marksForm } of outputSides) {
        if (staticForm !== undefined) draw(staticForm, cardBox(geometry), () => face.drawStatic(pen));
        const { marks } = setup.press;
        if (marksForm !== undefined && marks !== undefined)
          draw(marksForm, side.mediaBox, () =>
            drawStaticMarks(pen, geometry, side, marks, inks, markTypeface),
          );
      }
      if (mayBeVoid)
        draw(voidForm, cardBox(geometry), () => drawVoid(pen, setup.layout.card, markTypeface, markInk));
      return pen.takeUsedGlyphs();
    },
  };
}

/** The card with its bleed, in card space. */
function cardBox({ front }: Geometry): Box {
  const boxes = front.cells.map(({ clip: [x, y, width, height] }): Box => [x, y, x + width, y + height]);
  return [
    Math.min(...boxes.map((box) => box[0])),
    Math.min(...boxes.map((box) => box[1])),
    Math.max(...boxes.map((box) => box[2])),
    Math.max(...boxes.map((box) => box[3])),
  ];
}

function elementsOf(layout: Layout, { layers }: RunOutput): LayoutElement[] {
  return sides
    .flatMap((side) => layout[side] ?? [])
    .filter(({ layer = usualLayer }) => layers.includes(layer));
}

const hasText = ({ type }: LayoutElement): boolean => type === 'text' || type === 'password';

function spotNameOf(element: LayoutElement): string | undefined {
  if (element.type === 'panel') return element.spot;
  return 'ink' in element && element.ink !== undefined && 'spot' in element.ink
    ? element.ink.spot
    : undefined;
}

/** An ink that no element of a file uses gets no plate there. */
function spotsOf(elements: readonly LayoutElement[], spots: readonly SpotInk[]): SpotInk[] {
  const used = new Set(elements.map(spotNameOf));
  return spots.filter(({ name }) => used.has(name));
}

function artworksOf(elements: readonly LayoutElement[], artworks: readonly Artwork[]): Artwork[] {
  const used = new Set(elements.map((element) => (element.type === 'image' ? element.artwork : undefined)));
  return artworks.filter(({ name }) => used.has(name));
}

function usesProcessInks(element: LayoutElement): boolean {
  return spotNameOf(element) === undefined;
}

function known<T>(things: ReadonlyMap<string, T>, name: string): T {
  const thing = things.get(name);
  if (thing === undefined) throw new Error(`the setup names ${name} and does not have it`);
  return thing;
}
