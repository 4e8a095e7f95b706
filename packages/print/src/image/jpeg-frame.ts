import { checkSize, damaged, unsupported } from './damage.ts';
import type { Component } from './jpeg-scan.ts';

/** A frame header (T.81, B.2.2) with room for what its scans say. */
export interface Frame {
  readonly progressive: boolean;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Units of the interleaved order, each the blocks of all components for one patch. */
  readonly unitsWide: number;
  readonly unitsHigh: number;
  readonly components: readonly Component[];
}

const otherKinds: Readonly<Record<number, string>> = {
  195: 'lossless JPEG',
  197: 'hierarchical JPEG',
  198: 'hierarchical JPEG',
  199: 'hierarchical JPEG',
  201: 'arithmetic-coded JPEG',
  202: 'arithmetic-coded JPEG',
  203: 'lossless JPEG',
};

/**
 * Reads SOF0, SOF1 or SOF2. Room for coefficients is made where they are needed: for progressive pictures, whose scans build
 * on each other, and for inks.
 */
export function readFrame(kind: number, body: Buffer, keepsCoefficients: boolean): Frame {
  if (kind > 0xc2) throw unsupported(otherKinds[kind] ?? 'JPEG of an unknown kind');
  if (body.length < 6) throw damaged('its frame header is cut off');
  if (body[0] !== 8) throw unsupported(`JPEG with ${body[0]} bits a sample`);
  const heightPx = body.readUInt16BE(1);
  const widthPx = body.readUInt16BE(3);
  const count = body[5] as number;
  if (count !== 1 && count !== 3 && count !== 4) throw unsupported(`JPEG with ${count} components`);
  if (body.length !== 6 + count * 3) throw damaged('its frame header has a wrong length');
  const progressive = kind === 0xc2;
  const factors = factorsOf(body, count);
  const greatest = factors.reduce((most, { h, v }) => ({ h: Math.max(most.h, h), v: Math.max(most.v, v) }), {
    h: 1,
    v: 1,
  });
  const unitsWide = Math.ceil(widthPx / (8 * greatest.h));
  const unitsHigh = Math.ceil(heightPx / (8 * greatest.v));
  const kept = progressive || (keepsCoefficients && count === 4);
  const blocks = factors.reduce((sum, { h, v }) => sum + unitsWide * h * unitsHigh * v, 0);
  checkSize(widthPx, heightPx, kept ? blocks * 128 : 0);
  const components = factors.map(({ id, h, v, quantisation }): Component => {
    const paddedWide = unitsWide * h;
    const paddedHigh = unitsHigh * v;
    return {
      id,
      horizontal: h,
      vertical: v,
      quantisation,
      blocksWide: Math.ceil((widthPx * h) / (8 * greatest.h)),
      blocksHigh: Math.ceil((heightPx * v) / (8 * greatest.v)),
      paddedWide,
      paddedHigh,
      coefficients: kept ? new Int16Array(paddedWide * paddedHigh * 64) : undefined,
      lowestBit: new Int8Array(64).fill(-1),
    };
  });
  return { progressive, widthPx, heightPx, unitsWide, unitsHigh, components };
}

interface Factors {
  readonly id: number;
  readonly h: number;
  readonly v: number;
  readonly quantisation: number;
}

function factorsOf(body: Buffer, count: number): readonly Factors[] {
  const factors = Array.from({ length: count }, (_, index): Factors => {
    const at = 6 + index * 3;
    const sampling = body[at + 1] as number;
    return {
      id: body[at] as number,
      h: sampling >> 4,
      v: sampling & 15,
      quantisation: body[at + 2] as number,
    };
  });
  if (new Set(factors.map(({ id }) => id)).size !== count) throw damaged('two components have one number');
  for (const { h, v, quantisation } of factors) {
    if (h < 1 || h > 4 || v < 1 || v > 4 || quantisation > 3) throw damaged('a component is out of range');
  }
  return factors;
}
