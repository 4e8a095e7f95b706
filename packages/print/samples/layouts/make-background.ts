import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Makes background.jpg, the picture of the sample layouts, out of background.ps with Ghostscript: 88.6 × 56.98 mm at
 * 305 dpi, process inks. The profile that Ghostscript adds is left out: it is ten times as large as the picture.
 */
const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const options =
  '-q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=jpegcmyk -dJPEGQ=85 -r305 -g1064x684 -dGraphicsAlphaBits=4';
const jpeg = execFileSync('gs', [...options.split(' '), '-sOutputFile=-', at('background.ps')]);

const iccSegment = 0xffe2;
const startOfScan = 0xffda;
const kept = [jpeg.subarray(0, 2)];
for (let from = 2, marker = 0; marker !== startOfScan; ) {
  marker = jpeg.readUInt16BE(from);
  const end = marker === startOfScan ? jpeg.length : from + 2 + jpeg.readUInt16BE(from + 2);
  if (marker !== iccSegment) kept.push(jpeg.subarray(from, end));
  from = end;
}
writeFileSync(at('background.jpg'), Buffer.concat(kept));
