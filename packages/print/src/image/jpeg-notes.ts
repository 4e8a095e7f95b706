import { damaged, tooLarge } from './damage.ts';
import { profileBytesAtMost, unfit } from './icc.ts';
import type { JpegSegment } from './jpeg-file.ts';

/** What the application segments of a JPEG say that matters in print. */
export interface JpegNotes {
  readonly jfif: boolean;
  /** The colour transform of Adobe's APP14 (0 none, 1 YCbCr, 2 YCCK); undefined without that segment. */
  readonly adobeTransform: number | undefined;
  readonly icc: Uint8Array | undefined;
  /** EXIF orientation; 1 is upright. */
  readonly orientation: number;
}

const profileTag = 'ICC_PROFILE\0';

export function readNotes(segments: readonly JpegSegment[]): JpegNotes {
  const adobe = segments.find((segment) => isAdobe(segment));
  const exif = segments.find(({ marker, body }) => marker === 0xe1 && startsWith(body, 'Exif\0\0'));
  return {
    jfif: segments.some((segment) => isJfif(segment)),
    adobeTransform: adobe?.body[11],
    icc: joinedProfile(segments),
    orientation: exif ? exifOrientation(exif.body.subarray(6)) : 1,
  };
}

/** Segments that change how the picture is decoded; all others (camera, place, thumbnails) do not go to the press. */
export function isNeeded(segment: JpegSegment): boolean {
  return isJfif(segment) || isAdobe(segment);
}

function isJfif({ marker, body }: JpegSegment): boolean {
  return marker === 0xe0 && startsWith(body, 'JFIF\0');
}

function isAdobe({ marker, body }: JpegSegment): boolean {
  return marker === 0xee && startsWith(body, 'Adobe') && body.length >= 12;
}

function startsWith(body: Buffer, text: string): boolean {
  return body.toString('latin1', 0, text.length) === text;
}

/** The profile's chunks (ICC.1:2022, B.4) in their order: all there, none twice. */
function joinedProfile(segments: readonly JpegSegment[]): Uint8Array | undefined {
  const chunks = segments.filter(({ marker, body }) => marker === 0xe2 && startsWith(body, profileTag));
  if (chunks.length === 0) return undefined;
  const parts: (Buffer | undefined)[] = new Array<Buffer | undefined>(chunks.length).fill(undefined);
  for (const { body } of chunks) {
    const number = body[profileTag.length] ?? 0;
    if (body[profileTag.length + 1] !== chunks.length) throw unfit('a chunk of it is missing');
    if (number < 1 || number > chunks.length || parts[number - 1] !== undefined) {
      throw unfit('its chunks are numbered wrongly');
    }
    parts[number - 1] = body.subarray(profileTag.length + 2);
  }
  const joined = Buffer.concat(parts as Buffer[]);
  if (joined.length > profileBytesAtMost) throw tooLarge('its ICC profile');
  return joined;
}

/** Tag 0x0112 of the first directory (Exif 2.32, 4.6.4); 1 where there is none. Throws for a directory that is cut off. */
export function exifOrientation(tiff: Buffer): number {
  if (tiff.length < 8) throw damaged('its EXIF data are cut off');
  const order = tiff.toString('latin1', 0, 2);
  if (order !== 'II' && order !== 'MM') throw damaged('its EXIF data are of no byte order');
  const word = (at: number): number => (order === 'II' ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const directory = order === 'II' ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (directory + 2 > tiff.length) throw damaged('its EXIF data are cut off');
  for (let entry = 0; entry < word(directory); entry++) {
    const at = directory + 2 + entry * 12;
    if (at + 12 > tiff.length) throw damaged('its EXIF data are cut off');
    if (word(at) === 0x0112) return word(at + 8);
  }
  return 1;
}
