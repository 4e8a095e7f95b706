import { type BundledTypefaceName, bundledChains, bundledTypeface } from '../font/bundled.ts';
import { FontStack } from '../font/font-stack.ts';
import type { Typeface } from '../font/typeface.ts';
import type { PaperFonts } from './text.ts';

/** The fonts of this package for papers, each file opened once: a document knows typefaces by name. */
export function bundledPaperFonts(): PaperFonts {
  const opened = new Map<BundledTypefaceName, Typeface>();
  const open = (name: BundledTypefaceName): Typeface => {
    const typeface = opened.get(name) ?? bundledTypeface(name);
    opened.set(name, typeface);
    return typeface;
  };
  const stackOf = ([first, ...fallbacks]: (typeof bundledChains)[keyof typeof bundledChains]): FontStack =>
    new FontStack(open(first), ...fallbacks.map(open));
  return { sans: stackOf(bundledChains.sans), mono: stackOf(bundledChains.mono) };
}
