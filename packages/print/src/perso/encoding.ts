import { encodeGb18030, gb18030Length } from './gb18030.ts';

type EncodingName = 'utf-8' | 'gb18030';

/** One of the two encodings that lines' machines read (机台编码). */
export interface Encoding {
  /** The bytes of a text, which is all or nothing: undefined if a character cannot be written. */
  encode(text: string): Buffer | undefined;
  /** -1 if a character cannot be written. */
  byteLength(text: string): number;
  /** Undefined if the bytes are not valid; a byte order mark is kept as U+FEFF. */
  decode(bytes: Uint8Array): string | undefined;
}

type WidthUnit = 'bytes' | 'characters';

/** What a text takes of a field's width; characters are code points. */
export function measureIn(name: EncodingName, unit: WidthUnit | undefined): (text: string) => number {
  const { byteLength } = encodings[name];
  if (unit === 'bytes') return (text) => (isAscii(text) ? text.length : byteLength(text));
  return (text) => (isAscii(text) ? text.length : [...text].length);
}

export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

function decoderOf(name: EncodingName): Encoding['decode'] {
  const decoder = new TextDecoder(name, { fatal: true, ignoreBOM: true });
  return (bytes) => {
    try {
      return decoder.decode(bytes);
    } catch {
      return undefined;
    }
  };
}

export const encodings: Readonly<Record<EncodingName, Encoding>> = {
  'utf-8': {
    encode: (text) => (text.isWellFormed() ? Buffer.from(text, 'utf8') : undefined),
    byteLength: (text) => (text.isWellFormed() ? Buffer.byteLength(text, 'utf8') : -1),
    decode: decoderOf('utf-8'),
  },
  gb18030: { encode: encodeGb18030, byteLength: gb18030Length, decode: decoderOf('gb18030') },
};
