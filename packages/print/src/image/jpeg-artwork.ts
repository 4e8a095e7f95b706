import { Refusal } from '../refusal.ts';
import type { Artwork } from './artwork.ts';
import { profileFor } from './icc.ts';
import { type JpegFile, readJpeg } from './jpeg-file.ts';
import { isNeeded, type JpegNotes, readNotes } from './jpeg-notes.ts';

/** What is known of a picture besides its name and sum. */
export type Picture = Omit<Artwork, 'name' | 'sha256'>;

/**
 * A JPEG as the stream of a PDF image: its own data, without metadata and without what follows its end. The inks of
 * Adobe's CMYK files are stored inverted, which the Decode array turns back.
 */
export function openJpeg(bytes: Buffer): Picture {
  const jpeg = readJpeg(bytes, true);
  const notes = readNotes(jpeg.notes);
  if (notes.orientation !== 1) throw new Refusal('artwork-orientation', `orientation ${notes.orientation}`);
  const count = jpeg.frame.components.length;
  const colour = count === 1 ? 'grey' : count === 3 ? 'rgb' : 'cmyk';
  const icc = notes.icc && profileFor(colour, notes.icc).bytes;
  return {
    widthPx: jpeg.frame.widthPx,
    heightPx: jpeg.frame.heightPx,
    colour,
    colourSaidBy: icc ? 'icc' : 'nothing',
    mime: 'image/jpeg',
    file: bytes.subarray(0, jpeg.end),
    pdf: {
      filter: 'DCTDecode',
      ...(count === 1 ? {} : { decodeParms: `<< /ColorTransform ${isTransformed(jpeg, notes) ? 1 : 0} >>` }),
      ...(isInverted(jpeg, notes) ? { decode: [1, 0, 1, 0, 1, 0, 1, 0] } : {}),
      bitsPerComponent: 8,
      data: withoutMetadata(bytes, jpeg),
      ...(icc ? { icc } : {}),
    },
  };
}

/** Whether 0 is full ink: the habit of every writer that adds Adobe's segment to CMYK. */
export function isInverted({ frame }: JpegFile, { adobeTransform }: JpegNotes): boolean {
  return frame.components.length === 4 && adobeTransform !== undefined;
}

/**
 * Whether the samples are YCbCr or YCCK. It is always said in the PDF, since renderers differ in what they take from the
 * file: Adobe's segment decides, then JFIF (always YCbCr), then components that are named R, G, B.
 */
export function isTransformed({ frame }: JpegFile, { jfif, adobeTransform }: JpegNotes): boolean {
  if (adobeTransform !== undefined) return adobeTransform !== 0;
  const named = frame.components.map(({ id }) => String.fromCharCode(id)).join('');
  return frame.components.length === 3 && (jfif || named !== 'RGB');
}

function withoutMetadata(bytes: Buffer, { notes, end }: JpegFile): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (const note of notes) {
    if (isNeeded(note)) continue;
    parts.push(bytes.subarray(from, note.start));
    from = note.end;
  }
  return Buffer.concat([...parts, bytes.subarray(from, end)]);
}
