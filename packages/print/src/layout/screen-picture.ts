import { decode, encode } from 'jpeg-js';
import type { Artwork } from '../image/artwork.ts';

/** Decoding takes about a second for a card at 300 dpi: once a picture, not once a preview. */
const shown = new WeakMap<Artwork, string>();

/** A picture as a data URI. Renderers of SVG do not all know CMYK JPEG: those become RGB, without colour management. */
export function screenPicture(artwork: Artwork): string {
  let uri = shown.get(artwork);
  if (uri === undefined) {
    const isForPress = artwork.colour === 'cmyk' && artwork.mime === 'image/jpeg';
    const bytes = isForPress ? rgbJpeg(artwork.file) : artwork.file;
    uri = `data:${artwork.mime};base64,${Buffer.from(bytes).toString('base64')}`;
    shown.set(artwork, uri);
  }
  return uri;
}

function rgbJpeg(file: Uint8Array): Uint8Array {
  const { width, height, data } = decode(file, { useTArray: true });
  return encode({ width, height, data }, 85).data;
}
