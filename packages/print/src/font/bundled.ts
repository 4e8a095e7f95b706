import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readShared } from '../file/read-shared.ts';
import { Refusal, refusedAt } from '../refusal.ts';
import { FontStack } from './font-stack.ts';
import { type OpenOptions, openTypeface } from './open-typeface.ts';
import type { Typeface } from './typeface.ts';

/** Font files that come with this package; fonts/README.md says where they are from and what they hold. */
const files = {
  sans: 'NotoSansSC-Regular.ttf',
  'rare-hei': 'CardwrightRareHei-Regular.ttf',
  'rare-kai': 'CardwrightRareKai-Regular.ttf',
  mono: 'JetBrainsMono-Regular.ttf',
} as const;

export type BundledTypefaceName = keyof typeof files;

export const bundledTypefaceNames = Object.keys(files) as readonly BundledTypefaceName[];

/** For each font that layouts may name without giving a file: the typefaces that are asked for a glyph, in order. */
export const bundledChains = {
  sans: ['sans', 'rare-hei', 'rare-kai'],
  mono: ['mono', 'sans', 'rare-hei', 'rare-kai'],
} as const satisfies Readonly<Record<string, readonly BundledTypefaceName[]>>;

export function bundledFontPath(name: BundledTypefaceName): string {
  return fileURLToPath(new URL(`../../fonts/${files[name]}`, import.meta.url));
}

/** Reads and opens one of the package's own fonts. */
export function bundledTypeface(name: BundledTypefaceName): Typeface {
  return openTypeface(name, readFontFile(bundledFontPath(name)));
}

/** `sans` or `mono` with its fallbacks, each opened anew. */
export function bundledFontStack(name: keyof typeof bundledChains): FontStack {
  const [first, ...fallbacks] = bundledChains[name].map(bundledTypeface);
  return new FontStack(first!, ...fallbacks);
}

/**
 * The bytes of a font file in memory that threads share: the font is there once, however many draw with it.
 * @throws Refusal `font-unreadable`
 */
export function readFontFile(path: string): Uint8Array<SharedArrayBuffer> {
  try {
    return readShared(path);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new Refusal('font-unreadable', `it cannot be read (${reason})`, { file: path });
  }
}

/** A font of the user's own; its name is the file's, without folder and ending, unless another is given. */
export function openTypefaceFile(
  path: string,
  name: string = basename(path, extname(path)),
  options: OpenOptions = {},
): Typeface {
  try {
    return openTypeface(name, readFontFile(path), options);
  } catch (error) {
    throw refusedAt(error, { file: path });
  }
}
