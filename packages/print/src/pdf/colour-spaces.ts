import type { SpotInk } from '../draw/ink.ts';
import { nameText, numbersText } from './syntax.ts';

/**
 * A plate of its own (ISO 32000-1, 8.6.6.4). A proof without that plate shows the CMYK given, thinned with the tint by
 * an exponential function: no sampled table, so the same ink is the same bytes in every file.
 */
export function spotSpace({ name, cmyk }: SpotInk): string {
  return `[/Separation${nameText(name)}/DeviceCMYK${tintFunction(cmyk)}]`;
}

/** Prints on every plate: what registration marks are drawn in. */
export const allPlatesSpace = `[/Separation/All/DeviceCMYK${tintFunction([1, 1, 1, 1])}]`;

function tintFunction(cmyk: readonly [number, number, number, number]): string {
  return `<</FunctionType 2/Domain[0 1]/C0[0 0 0 0]/C1${numbersText(cmyk)}/N 1>>`;
}
