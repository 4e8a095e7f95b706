import type { Ink } from '../draw/ink.ts';

/**
 * How a screen shows an ink: each process ink takes its share of the light. No colour management: a preview shows what
 * is where, a proof on the press shows the colour.
 */
export function screenColour(ink: Ink): string {
  if (ink.kind === 'registration') return hexOf([0, 0, 0, ink.tint], 1);
  return ink.kind === 'cmyk' ? hexOf(ink.cmyk, 1) : hexOf(ink.spot.cmyk, ink.tint);
}

function hexOf([c, m, y, k]: readonly [number, number, number, number], tint: number): string {
  const light = (ink: number): string =>
    Math.round(255 * (1 - ink * tint) * (1 - k * tint))
      .toString(16)
      .padStart(2, '0');
  return `#${light(c)}${light(m)}${light(y)}`;
}
