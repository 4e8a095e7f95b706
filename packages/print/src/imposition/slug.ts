import type { Code128Encoder } from '../code/code-128.ts';
import { type Ink, k100 } from '../draw/ink.ts';
import { type Pen, ptPerMm } from '../draw/pen.ts';
import type { Typeface } from '../font/typeface.ts';
import type { Geometry, SideGeometry } from './geometry.ts';
import { drawMarkText, type MarkText, markText, sizeWithin } from './mark-text.ts';
import { withinStrip } from './strip.ts';

/** What a sheet's slug tells. No field of a record may be in it. Numbers from 1. */
export interface SheetSlug {
  readonly jobName: string;
  /** As it is to be read; nothing here asks a clock. */
  readonly dateText: string;
  readonly fileNo: number;
  readonly fileCount: number;
  readonly sheetNo: number;
  readonly sheetsInFile: number;
  readonly firstRecordNo: number;
  readonly lastRecordNo: number;
  /** For the finishing line's reader: 1–24 printable ASCII characters. */
  readonly sheetId: string;
}

const longestSheetId = 24;
const sizePt = 6;
const smallestSizePt = 4;
/** A bar that office scanners and cameras of finishing lines read at arm's length. */
const barMm = 0.25;
const barHeightMm = 5;

/**
 * Draws what differs from sheet to sheet: the sheet's id as Code 128 and one line of small text, K100 unless the file has another ink. A job name that is
 * too long for the line is cut short. Throws `slug-character-missing`.
 */
export function drawSlug(
  pen: Pen,
  { dotPt }: Geometry,
  side: SideGeometry,
  slug: SheetSlug,
  typeface: Typeface,
  encoder: Code128Encoder,
  ink: Ink = k100,
): void {
  const { sheetId } = slug;
  if (!/^[ -~]+$/.test(sheetId) || sheetId.length > longestSheetId)
    throw new RangeError(`sheet id of ${sheetId.length} characters: 1–${longestSheetId} of printable ASCII`);
  if (side.slug === undefined) return;
  withinStrip(pen, side, side.slug, dotPt, (lengthPt, thicknessPt) => {
    const code = encoder.encode(sheetId);
    const module = Math.ceil((barMm * ptPerMm) / dotPt - 1e-6) * dotPt;
    pen.ink(ink);
    pen.modules(code, code.quiet * module, 0, module, barHeightMm * ptPerMm);
    const x = (code.width + 2 * code.quiet) * module;
    const text = fitted(typeface, slug, side.side, lengthPt - x);
    const size = sizeWithin(text, sizePt, lengthPt - x);
    drawMarkText(pen, typeface, text, size, x, (thicknessPt - size) / 2, ink);
  });
}

/** The whole line, or with so much of the job's name as leaves it legible. */
function fitted(typeface: Typeface, slug: SheetSlug, side: 'front' | 'back', widthPt: number): MarkText {
  const widthAt1Pt = widthPt / smallestSizePt;
  const whole = markText(typeface, lineOf(slug, side, slug.jobName));
  if (whole.widthAt1Pt <= widthAt1Pt) return whole;
  let room = widthAt1Pt - markText(typeface, lineOf(slug, side, '...')).widthAt1Pt;
  let kept = '';
  for (const character of slug.jobName) {
    room -= markText(typeface, character).widthAt1Pt;
    if (room < 0) break;
    kept += character;
  }
  return markText(typeface, lineOf(slug, side, `${kept}...`));
}

function lineOf(slug: SheetSlug, side: 'front' | 'back', jobName: string): string {
  return [
    jobName,
    `文件 File ${slug.fileNo}/${slug.fileCount}`,
    `印张 Sheet ${slug.sheetNo}/${slug.sheetsInFile}`,
    side === 'front' ? '正面 Front' : '背面 Back',
    `记录 Records ${slug.firstRecordNo}-${slug.lastRecordNo}`,
    slug.dateText,
  ].join('  ');
}
