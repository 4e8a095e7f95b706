import { Refusal } from '../refusal.ts';

export const megapixelsAtMost = 50;
export const fileBytesAtMost = 20 * 1024 * 1024;
/** Of pixels or coefficients that must be held at once to check a picture. */
export const decodedBytesAtMost = 256 * 1024 * 1024;

export function damaged(what: string): Refusal {
  return new Refusal('artwork-damaged', what);
}

export function unsupported(what: string): Refusal {
  return new Refusal('artwork-kind-unsupported', what);
}

/** Before anything is allocated by what a header says. */
export function checkSize(widthPx: number, heightPx: number, decodedBytes: number): void {
  if (widthPx === 0 || heightPx === 0) throw damaged('it has no width or no height');
  if (widthPx * heightPx > megapixelsAtMost * 1e6) {
    throw tooLarge(`${widthPx} × ${heightPx} pixels, at most ${megapixelsAtMost} million`);
  }
  if (decodedBytes > decodedBytesAtMost) {
    throw tooLarge(
      `${widthPx} × ${heightPx} pixels of this kind take ${Math.ceil(decodedBytes / 2 ** 20)} MiB to check`,
    );
  }
}

export function tooLarge(what: string): Refusal {
  return new Refusal('artwork-too-large', what);
}
