/** A checked picture, ready to be embedded without decoding it anew. */
export interface Artwork {
  /** Its name in layouts and messages. Unique among those of one document. */
  readonly name: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly sha256: string;
  readonly colour: 'grey' | 'rgb' | 'cmyk';
  /** What says which colours the numbers mean: an ICC profile in the file, a PNG's sRGB chunk, or nothing. */
  readonly colourSaidBy?: 'icc' | 'srgb' | 'nothing';
  /** The file without what follows its end, for previews. */
  readonly mime: 'image/jpeg' | 'image/png';
  readonly file: Uint8Array;
  /** The stream of a PDF image XObject, its filter and decode parameters, and the ICC profile if it has one. */
  readonly pdf: {
    readonly filter: 'DCTDecode' | 'FlateDecode';
    readonly decodeParms?: string;
    readonly decode?: readonly number[];
    readonly bitsPerComponent: 1 | 2 | 4 | 8 | 16;
    readonly data: Uint8Array;
    readonly icc?: Uint8Array;
    /** Palette of an indexed PNG: RGB triples. */
    readonly palette?: Uint8Array;
  };
}
