import { refusedAt } from '../refusal.ts';
import { TrueTypeFace } from './true-type-face.ts';
import { TrueTypeFont } from './true-type-font.ts';
import type { Typeface } from './typeface.ts';

export interface OpenOptions {
  /** Which font of a collection (.ttc), from 0. */
  readonly face?: number;
}

/**
 * Opens a TrueType font. `name` is how layouts call it. The bytes are kept, not copied, and must not change; backed by a
 * `SharedArrayBuffer` they serve any number of threads.
 * @throws Refusal `font-unreadable`, `font-collection`, `font-variable`, `font-outlines-unsupported` (CFF, bitmaps),
 * `font-embedding-forbidden`
 */
export function openTypeface(name: string, bytes: Uint8Array, { face }: OpenOptions = {}): Typeface {
  try {
    return new TrueTypeFace(name, new TrueTypeFont(bytes, face));
  } catch (error) {
    throw refusedAt(error, { at: `font ${name}` });
  }
}
