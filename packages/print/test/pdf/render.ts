import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as mupdf from 'mupdf';
import { inFolder } from './sample-file.ts';

/** Eight-bit grey, row by row from the top. */
export interface GreyPage {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
}

export type Renderer = (pdf: Uint8Array, dotsPerInch: number) => GreyPage[];

/** Three that share no code: what all of them draw alike, a press will too. */
export const renderers: Readonly<Record<'poppler' | 'mupdf' | 'ghostscript', Renderer>> = {
  poppler: (pdf, dpi) =>
    inFolder((folder) => {
      writeFileSync(join(folder, 'a.pdf'), pdf);
      execFileSync('pdftoppm', ['-gray', '-r', `${dpi}`, join(folder, 'a.pdf'), join(folder, 'page')]);
      return pagesIn(folder);
    }),
  mupdf: (pdf, dpi) => {
    const document = mupdf.Document.openDocument(pdf, 'application/pdf');
    return Array.from({ length: document.countPages() }, (_, index) => {
      const page = document.loadPage(index);
      const scale = mupdf.Matrix.scale(dpi / 72, dpi / 72);
      const pixmap = page.toPixmap(scale, mupdf.ColorSpace.DeviceGray, false, false);
      const stride = pixmap.getStride();
      const [width, height] = [pixmap.getWidth(), pixmap.getHeight()];
      const grey = new Uint8Array(width * height);
      const pixels = pixmap.getPixels();
      for (let y = 0; y < height; y++) grey.set(pixels.subarray(y * stride, y * stride + width), y * width);
      pixmap.destroy();
      page.destroy();
      return { width, height, grey };
    });
  },
  ghostscript: (pdf, dpi) =>
    inFolder((folder) => {
      writeFileSync(join(folder, 'a.pdf'), pdf);
      const output = `-sOutputFile=${join(folder, 'page-%05d.pgm')}`;
      execFileSync('gs', [
        '-q',
        '-dBATCH',
        '-dNOPAUSE',
        '-sDEVICE=pgmraw',
        `-r${dpi}`,
        output,
        join(folder, 'a.pdf'),
      ]);
      return pagesIn(folder);
    }),
};

function pagesIn(folder: string): GreyPage[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.pgm'))
    .sort()
    .map((name) => {
      const file = readFileSync(join(folder, name));
      const header = /^P5\s(?:#.*\n)*(\d+)\s(\d+)\s255\s/.exec(file.toString('latin1', 0, 200));
      if (!header) throw new Error(`${name} is no grey picture`);
      return { width: Number(header[1]), height: Number(header[2]), grey: file.subarray(header[0].length) };
    });
}
