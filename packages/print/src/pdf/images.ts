import { createHash } from 'node:crypto';
import type { Artwork } from '../image/artwork.ts';
import type { PdfFile } from './file.ts';
import { srgbProfile } from './srgb-profile.ts';
import { numbersText, type Ref } from './syntax.ts';

const components = { grey: 1, rgb: 3, cmyk: 4 } as const;

/**
 * Writes artworks as image XObjects. Over a CMYK press PDF/X-4 takes device grey and CMYK as the press's own and wants
 * all else by an ICC profile (ISO 15930-7, 6.4.3.2): RGB without one is embedded as sRGB. CMYK by the very profile of the
 * output intent becomes device CMYK, since as ICCBased a press might convert it and overprint would behave otherwise.
 */
export class ImageWriter {
  readonly #file: PdfFile;
  readonly #profiles = new Map<string, Ref>();

  constructor(file: PdfFile) {
    this.#file = file;
  }

  write(ref: Ref, { widthPx, heightPx, colour, pdf }: Artwork): void {
    const base = this.#baseSpace(colour, pdf.icc);
    const space = pdf.palette ? indexedSpace(base, pdf.palette) : base;
    const entries =
      `/Type/XObject/Subtype/Image/Width ${widthPx}/Height ${heightPx}/ColorSpace${space}` +
      `/BitsPerComponent ${pdf.bitsPerComponent}/Filter/${pdf.filter}` +
      (pdf.decodeParms === undefined ? '' : `/DecodeParms${pdf.decodeParms}`) +
      (pdf.decode === undefined ? '' : `/Decode${numbersText(pdf.decode)}`);
    this.#file.writeStream(ref, entries, pdf.data, { deflate: false });
  }

  #baseSpace(colour: Artwork['colour'], icc: Uint8Array | undefined): string {
    const output = this.#file.outputProfile;
    if (colour === 'cmyk' && icc && output && Buffer.from(icc).equals(output)) return '/DeviceCMYK';
    if (icc) return `[/ICCBased ${this.#profile(icc, components[colour])} 0 R]`;
    if (colour === 'grey') return '/DeviceGray';
    if (colour === 'cmyk') return '/DeviceCMYK';
    return `[/ICCBased ${this.#profile(srgbProfile(), components.rgb)} 0 R]`;
  }

  /** One stream for all artworks of one profile. */
  #profile(icc: Uint8Array, count: number): Ref {
    const hash = createHash('sha256').update(icc).digest('hex');
    const former = this.#profiles.get(hash);
    if (former !== undefined) return former;
    const ref = this.#file.allocate();
    this.#file.writeStream(ref, `/N ${count}`, icc, { deflate: true });
    this.#profiles.set(hash, ref);
    return ref;
  }
}

function indexedSpace(base: string, palette: Uint8Array): string {
  return `[/Indexed ${base} ${palette.length / 3 - 1}<${Buffer.from(palette).toString('hex')}>]`;
}
