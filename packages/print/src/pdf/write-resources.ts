import { allPlatesSpace, spotSpace } from './colour-spaces.ts';
import type { Box, PdfFile } from './file.ts';
import { ImageWriter } from './images.ts';
import { allPlates, overprintOff, overprintOn } from './ink-operators.ts';
import type { PdfResources } from './resources.ts';
import { numbersText, type Ref } from './syntax.ts';

/** What a file's pages name, by its number in the file. */
export interface WrittenResources {
  /** The dictionary that pages and forms refer to. */
  readonly dictionary: Ref;
  /** Numbers for the typefaces in their order: `embedFont` writes them, when the used glyphs are known. */
  readonly fonts: readonly Ref[];
  /** Set where the list of fonts was left open: `writeFontList` writes it. */
  readonly fontList?: Ref;
  /** Numbers for the forms by name: `writeForm` writes them. */
  readonly forms: ReadonlyMap<string, Ref>;
}

/** OPM 1: a process ink of 0 leaves what lies below alone, as presses expect of overprinting black (ISO 32000-1, 8.6.7). */
const graphicsStates =
  `${overprintOff}<</Type/ExtGState/OP false/op false/OPM 1>>` +
  `${overprintOn}<</Type/ExtGState/OP true/op true/OPM 1>>`;

/**
 * Writes colour spaces, artworks and the dictionary; promises the fonts and forms. With `leaveFontsOpen` only a list of
 * fonts is promised, so that a typeface that no page used in the end, such as a fallback, is not in the file.
 */
export function writeResources(
  file: PdfFile,
  resources: PdfResources,
  { leaveFontsOpen = false } = {},
): WrittenResources {
  const images = new ImageWriter(file);
  const imageRefs = resources.artworks.map((artwork) => {
    const ref = file.allocate();
    images.write(ref, artwork);
    return ref;
  });
  const spotRefs = resources.spots.map((spot) => {
    const ref = file.allocate();
    file.writeObject(ref, spotSpace(spot));
    return ref;
  });
  const fonts = leaveFontsOpen ? [] : resources.typefaces.map(() => file.allocate());
  const fontList = leaveFontsOpen && resources.typefaces.length > 0 ? file.allocate() : undefined;
  const formRefs = resources.forms.map(() => file.allocate());
  const dictionary = file.allocate();
  file.writeObject(
    dictionary,
    `<</ExtGState<<${graphicsStates}>>/ColorSpace<<${allPlates}${allPlatesSpace}${named('S', spotRefs)}>>` +
      `${fontList === undefined ? category('Font', named('F', fonts)) : `/Font ${fontList} 0 R`}` +
      `${category('XObject', named('I', imageRefs) + named('X', formRefs))}>>`,
  );
  const forms = new Map(resources.forms.map((form, index) => [form, formRefs[index]!]));
  return { dictionary, fonts, ...(fontList !== undefined && { fontList }), forms };
}

/** Writes the list that was left open: the numbers of the fonts in the order of the typefaces, `undefined` for those not used. */
export function writeFontList(file: PdfFile, list: Ref, fonts: readonly (Ref | undefined)[]): void {
  const entries = fonts.map((ref, index) => (ref === undefined ? '' : `/F${index} ${ref} 0 R`));
  file.writeObject(list, `<<${entries.join('')}>>`);
}

/** Writes what a `PdfPen` drew after `reset('form')` as a form XObject that is clipped to `box`. */
export function writeForm(
  file: PdfFile,
  ref: Ref,
  { box, content, resources }: { readonly box: Box; readonly content: Uint8Array; readonly resources: Ref },
): void {
  const entries = `/Type/XObject/Subtype/Form/BBox${numbersText(box)}/Resources ${resources} 0 R`;
  file.writeStream(ref, entries, content, { deflate: true });
}

function named(letter: string, refs: readonly Ref[]): string {
  return refs.map((ref, index) => `/${letter}${index} ${ref} 0 R`).join('');
}

function category(name: string, entries: string): string {
  return entries === '' ? '' : `/${name}<<${entries}>>`;
}
