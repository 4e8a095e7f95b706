import type { SpotInk } from '../draw/ink.ts';
import type { Typeface } from '../font/typeface.ts';
import type { Artwork } from '../image/artwork.ts';
import { Refusal } from '../refusal.ts';

/** What a document's pages may name. Order does not matter; entries of one name must be one thing. */
export interface ResourceLists {
  readonly typefaces?: readonly Typeface[];
  readonly spots?: readonly SpotInk[];
  readonly artworks?: readonly Artwork[];
  /** Drawings made once and shown often. */
  readonly forms?: readonly string[];
}

/** Acrobat's limit for names (ISO 32000-1, annex C.2). */
const longestNameBytes = 127;

/**
 * Names for everything that pages share: /F0 a typeface, /S0 a spot ink, /I0 an artwork, /X0 a form. They come from
 * sorted lists, so that threads which build this from the same lists agree without a word.
 */
export class PdfResources {
  readonly typefaces: readonly Typeface[];
  readonly spots: readonly SpotInk[];
  readonly artworks: readonly Artwork[];
  readonly forms: readonly string[];
  readonly #fontIndexes: ReadonlyMap<string, number>;
  readonly #spotIndexes: ReadonlyMap<string, number>;
  readonly #artworkIndexes: ReadonlyMap<string, number>;
  readonly #formIndexes: ReadonlyMap<string, number>;

  /** Throws `spot-ink-conflict` for one name with two colours, `spot-ink-name-unusable` for a name no plate can have. */
  constructor({ typefaces = [], spots = [], artworks = [], forms = [] }: ResourceLists) {
    for (const spot of spots) checkSpotName(spot.name);
    this.typefaces = sortedByName(typefaces, () => true, 'typeface');
    this.spots = sortedByName(spots, isSameSpot, 'spot');
    this.artworks = sortedByName(artworks, (one, other) => one.sha256 === other.sha256, 'artwork');
    this.forms = [...new Set(forms)].sort();
    this.#fontIndexes = indexesOf(this.typefaces.map(({ name }) => name));
    this.#spotIndexes = indexesOf(this.spots.map(({ name }) => name));
    this.#artworkIndexes = indexesOf(this.artworks.map(({ name }) => name));
    this.#formIndexes = indexesOf(this.forms);
  }

  fontIndex(typeface: Typeface): number {
    return known(this.#fontIndexes, typeface.name, 'typeface');
  }

  spotIndex(spot: SpotInk): number {
    return known(this.#spotIndexes, spot.name, 'spot ink');
  }

  artworkIndex(artwork: Artwork): number {
    return known(this.#artworkIndexes, artwork.name, 'artwork');
  }

  formIndex(form: string): number {
    return known(this.#formIndexes, form, 'form');
  }
}

function indexesOf(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map(names.map((name, index) => [name, index]));
}

function known(indexes: ReadonlyMap<string, number>, name: string, what: string): number {
  const index = indexes.get(name);
  if (index === undefined) throw new Error(`the ${what} ${name} is not among the document's resources`);
  return index;
}

/** In the order of code units, which no locale changes. */
function sortedByName<T extends { readonly name: string }>(
  entries: readonly T[],
  isSame: (one: T, other: T) => boolean,
  what: 'typeface' | 'spot' | 'artwork',
): readonly T[] {
  const byName = new Map<string, T>();
  for (const entry of entries) {
    const former = byName.get(entry.name);
    if (former && !isSame(former, entry)) {
      if (what === 'spot') throw new Refusal('spot-ink-conflict', `"${entry.name}" has two colours`);
      throw new Error(`two of a document's resources are called ${entry.name}`);
    }
    if (!former) byName.set(entry.name, entry);
  }
  return [...byName.keys()].sort().map((name) => byName.get(name)!);
}

function isSameSpot(one: SpotInk, other: SpotInk): boolean {
  return one.cmyk.every((part, index) => part === other.cmyk[index]);
}

/** A plate of that name is the press's own: a scratch panel called Black would be printed in black (ISO 32000-1, 8.6.6.4). */
const processInk = /^(?:cyan|magenta|yellow|black)$/i;

function checkSpotName(name: string): void {
  const refuse = (why: string) => new Refusal('spot-ink-name-unusable', `"${name}" ${why}`);
  if (name.trim() === '') throw refuse('is empty');
  if (name === 'All' || name === 'None') throw refuse('means every plate, or none, in PDF');
  if (processInk.test(name.trim())) throw refuse('is one of the four process inks');
  if (!name.isWellFormed() || /[\u0000-\u001f\u007f]/.test(name)) throw refuse('holds a control character');
  if (Buffer.byteLength(name) > longestNameBytes) throw refuse(`is longer than ${longestNameBytes} bytes`);
}
