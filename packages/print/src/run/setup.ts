import type { Artwork } from '../image/artwork.ts';
import type { Layout } from '../layout/schema.ts';
import type { PressProfile } from '../press/schema.ts';

/** One kind of output file: the layers of the layout that it carries. */
export interface RunOutput {
  /** `print`, or the name of a layer that has a file of its own, such as `scratch`. Part of the file's name. */
  readonly name: string;
  readonly layers: readonly string[];
}

export interface NamedBytes {
  readonly name: string;
  /** Shared between threads where it is backed by a `SharedArrayBuffer`. */
  readonly bytes: Uint8Array;
}

/** All that a thread needs to draw any sheet of a run. Plain data: it crosses to other threads. */
export interface DrawerSetup {
  readonly jobName: string;
  /** What slugs show as the date. */
  readonly dateText: string;
  /** 32 hexadecimal digits; slugs and documents are known by it. */
  readonly documentId: string;
  readonly layout: Layout;
  readonly press: PressProfile;
  readonly columns: readonly string[];
  /** Font files by typeface name. */
  readonly fonts: readonly NamedBytes[];
  /** Typefaces by the font name that elements use, in the order in which they are asked for a glyph. */
  readonly fontChains: Readonly<Record<string, readonly string[]>>;
  /** The typeface of marks, slugs and VOID. */
  readonly markTypeface: string;
  readonly artworks: readonly Artwork[];
  readonly outputs: readonly RunOutput[];
  /** Draws dummies instead of secrets, and 样张 PROOF across every card. */
  readonly isProof: boolean;
  readonly fileCount: number;
}

/** Without the pictures' bytes: they are checked once and written once, threads only name them. */
export function setupForThreads(setup: DrawerSetup): DrawerSetup {
  const none = new Uint8Array(0);
  const artworks = setup.artworks.map((artwork) => ({
    ...artwork,
    file: none,
    pdf: { filter: artwork.pdf.filter, bitsPerComponent: artwork.pdf.bitsPerComponent, data: none },
  }));
  return { ...setup, artworks };
}

/** The layers of a layout, sorted into files as the press wants them; `print` takes all that have no file of their own. */
export function outputsOf(layers: readonly string[], separateLayers: readonly string[]): RunOutput[] {
  const isSeparate = (layer: string): boolean => separateLayers.includes(layer);
  const separate = layers.filter(isSeparate).map((layer) => ({ name: layer, layers: [layer] }));
  return [{ name: 'print', layers: layers.filter((layer) => !isSeparate(layer)) }, ...separate];
}
