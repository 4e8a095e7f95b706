import { Refusal, type RefusalPlace } from '../refusal.ts';
import type { Modules } from './modules.ts';

/** Below four dots a module, dot gain closes the light modules of an ordinary press. */
export const minDotsAModule = 4;

const mmAnInch = 25.4;

/** Anything with a grid: a symbol, or the numbers of the largest one of a run. */
export type Grid = Pick<Modules, 'width' | 'height' | 'quiet'>;

export interface ModuleRules {
  readonly dotsPerInch: number;
  /** At least 4 unless told otherwise. */
  readonly minDots?: number;
}

/** Lengths without quiet zone, and with it where the name says so. Every module is a whole number of dots. */
export interface SymbolSize {
  readonly moduleDots: number;
  readonly moduleMm: number;
  readonly quietMm: number;
  readonly widthMm: number;
  /** One module for a linear symbol: its bars are as high as the layout likes. */
  readonly heightMm: number;
  readonly fullWidthMm: number;
  readonly fullHeightMm: number;
}

/** The size of a symbol whose modules are so many dots. A linear symbol has no quiet zone above and below. */
export function symbolSize(grid: Grid, moduleDots: number, dotsPerInch: number): SymbolSize {
  const moduleMm = (moduleDots * mmAnInch) / dotsPerInch;
  const quietMm = grid.quiet * moduleMm;
  return {
    moduleDots,
    moduleMm,
    quietMm,
    widthMm: grid.width * moduleMm,
    heightMm: grid.height * moduleMm,
    fullWidthMm: grid.width * moduleMm + 2 * quietMm,
    fullHeightMm: grid.height * moduleMm + (isLinear(grid) ? 0 : 2 * quietMm),
  };
}

/** The modules nearest to the wanted width that the press can set, never fewer dots than it needs. */
export function snapModule(wantedMm: number, rules: ModuleRules): number {
  const dots = Math.round((wantedMm * rules.dotsPerInch) / mmAnInch);
  return Math.max(dots, rules.minDots ?? minDotsAModule);
}

/**
 * The largest symbol that fits a place, quiet zone included. For a run of variable data, give the grid of its longest text
 * and the encoder the version of that as its smallest: then all symbols have one size.
 * @throws Refusal `code-too-small` with the number of modules, what they need, and what the place gives.
 */
export function fitSymbol(
  grid: Grid,
  place: { readonly widthMm: number; readonly heightMm: number },
  rules: ModuleRules,
  at: RefusalPlace = {},
): SymbolSize {
  const { dotsPerInch, minDots = minDotsAModule } = rules;
  const across = grid.width + 2 * grid.quiet;
  const down = isLinear(grid) ? 0 : grid.height + 2 * grid.quiet;
  const room = Math.min(
    place.widthMm / across,
    down === 0 ? Number.POSITIVE_INFINITY : place.heightMm / down,
  );
  const moduleDots = Math.floor((room * dotsPerInch) / mmAnInch + roundingSlack);
  if (moduleDots >= minDots) return symbolSize(grid, moduleDots, dotsPerInch);
  const { fullWidthMm, fullHeightMm } = symbolSize(grid, minDots, dotsPerInch);
  const needed = isLinear(grid) ? `${millimetres(fullWidthMm)} in width` : area(fullWidthMm, fullHeightMm);
  throw new Refusal(
    'code-too-small',
    `${modulesOf(grid)} of ${minDots} dots at ${dotsPerInch} dpi need ${needed} with their quiet zone; the place gives ${
      isLinear(grid) ? millimetres(place.widthMm) : area(place.widthMm, place.heightMm)
    }, room for ${moduleDots} dots a module`,
    at,
  );
}

/** A place written in millimetres of two decimals must hold the symbol that it was made for. */
const roundingSlack = 1e-6;

function isLinear(grid: Grid): boolean {
  return grid.height === 1;
}

function modulesOf(grid: Grid): string {
  return isLinear(grid) ? `${grid.width} modules` : `${grid.width} × ${grid.height} modules`;
}

function area(widthMm: number, heightMm: number): string {
  return `${millimetres(widthMm)} × ${millimetres(heightMm)}`;
}

/** Rounded up, so that a place of the size that is asked for is large enough. */
function millimetres(length: number): string {
  return `${(Math.ceil(length * 100 - 1e-6) / 100).toFixed(2)} mm`;
}
