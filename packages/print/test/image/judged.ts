import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as mupdf from 'mupdf';
import type { Artwork } from '../../src/image/artwork.ts';

/** Pixels as RGB triples. */
export type Pixels = Uint8Array;

/** The artwork on a page of its own, one point a pixel, as two independent renderers see it. */
export function judged(artwork: Artwork): { poppler: Pixels; mupdf: Pixels } {
  const pdf = onePage(artwork);
  return { poppler: byPoppler(pdf, artwork), mupdf: byMupdf(pdf, artwork) };
}

function onePage({ widthPx, heightPx, colour, pdf }: Artwork): Buffer {
  const device = { grey: '/DeviceGray', rgb: '/DeviceRGB', cmyk: '/DeviceCMYK' }[colour];
  const { palette } = pdf;
  const hex = palette && Buffer.from(palette).toString('hex');
  const space = palette ? `[/Indexed /DeviceRGB ${palette.length / 3 - 1} <${hex}>]` : device;
  const image = [
    `/Type /XObject /Subtype /Image /Width ${widthPx} /Height ${heightPx} /ColorSpace ${space}`,
    `/BitsPerComponent ${pdf.bitsPerComponent} /Filter /${pdf.filter}`,
    pdf.decodeParms ? `/DecodeParms ${pdf.decodeParms}` : '',
    pdf.decode ? `/Decode [${pdf.decode.join(' ')}]` : '',
  ].join(' ');
  return assembled([
    ['<< /Type /Catalog /Pages 2 0 R >>'],
    ['<< /Type /Pages /Kids [3 0 R] /Count 1 >>'],
    [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${widthPx} ${heightPx}] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>`,
    ],
    ['<< ', Buffer.from(`${widthPx} 0 0 ${heightPx} 0 0 cm /I Do`)],
    [`<< ${image} `, Buffer.from(pdf.data)],
  ]);
}

function assembled(objects: readonly (readonly [string, Buffer?])[]): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.6\n')];
  const offsets: number[] = [];
  const length = (): number => parts.reduce((sum, part) => sum + part.length, 0);
  for (const [index, [dictionary, stream]] of objects.entries()) {
    offsets.push(length());
    parts.push(Buffer.from(`${index + 1} 0 obj\n${dictionary}`));
    if (stream) {
      parts.push(Buffer.from(`/Length ${stream.length} >>\nstream\n`), stream, Buffer.from('\nendstream'));
    }
    parts.push(Buffer.from('\nendobj\n'));
  }
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  const trailer = `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${length()}\n%%EOF\n`;
  return Buffer.concat([...parts, Buffer.from(trailer)]);
}

/** Poppler smooths pictures that are enlarged less than four times: drawn eight times as large, the middles are exact. */
const times = 8;

function byPoppler(pdf: Buffer, { widthPx, heightPx }: Artwork): Pixels {
  return withPage(pdf, (path, folder) => {
    execFileSync('pdftoppm', ['-r', String(72 * times), path, join(folder, 'page')]);
    const ppm = readFileSync(join(folder, 'page-1.ppm'));
    const header = /^P6\s+(\d+)\s+\d+\s+255\s/.exec(ppm.toString('latin1', 0, 40));
    const width = Number(header?.[1]);
    const start = header?.[0].length ?? 0;
    const pixels = Array.from({ length: widthPx * heightPx }, (_, index) => {
      const [x, y] = [index % widthPx, Math.floor(index / widthPx)];
      const at = start + ((y * times + times / 2) * width + x * times + times / 2) * 3;
      return ppm.subarray(at, at + 3);
    });
    return Buffer.concat(pixels);
  });
}

function withPage(pdf: Buffer, render: (path: string, folder: string) => Pixels): Pixels {
  const folder = mkdtempSync(join(tmpdir(), 'artwork-'));
  try {
    const path = join(folder, 'page.pdf');
    writeFileSync(path, pdf);
    return render(path, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The four inks of every pixel, 255 full, as Ghostscript sees them. */
export function inksByGhostscript(artwork: Artwork): Pixels {
  return withPage(onePage(artwork), (path, folder) => {
    const out = join(folder, 'page.pam');
    execFileSync('gs', [
      '-q',
      '-dBATCH',
      '-dNOPAUSE',
      '-sDEVICE=pamcmyk32',
      '-r72',
      `-sOutputFile=${out}`,
      path,
    ]);
    const pam = readFileSync(out);
    return pam.subarray(pam.indexOf('ENDHDR\n') + 7);
  });
}

function byMupdf(pdf: Buffer, { widthPx, heightPx }: Artwork): Pixels {
  const page = mupdf.Document.openDocument(pdf, 'application/pdf').loadPage(0);
  const pixmap = page.toPixmap(mupdf.Matrix.identity, mupdf.ColorSpace.DeviceRGB, false);
  const stride = pixmap.getStride();
  const samples = Buffer.from(pixmap.getPixels());
  const rows = Array.from({ length: heightPx }, (_, y) =>
    samples.subarray(y * stride, y * stride + widthPx * 3),
  );
  return Buffer.concat(rows);
}
