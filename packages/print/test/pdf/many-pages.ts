import { PdfFile } from '../../src/pdf/file.ts';
import { cardBox, cardTrim, facts } from './sample-file.ts';

/** Writes so many pages of 300 bytes into nothing and says what the second and the last tenth of them cost. */
export async function costOfPages(pages: number): Promise<Record<string, number>> {
  const file = new PdfFile({ write: () => undefined }, facts);
  const resources = file.allocate();
  file.writeObject(resources, '<<>>');
  const page = { mediaBox: cardBox, bleedBox: cardBox, trimBox: cardTrim, isDeflated: false, resources };
  const content = new Uint8Array(300).fill(0x20);
  const tenths: { readonly ms: number; readonly rssBytes: number }[] = [];
  for (let tenth = 0; tenth < 10; tenth++) {
    const start = performance.now();
    for (let count = 0; count < pages / 10; count++) {
      file.addPage({ ...page, content });
      if (file.waiting) await file.waiting;
    }
    tenths.push({ ms: performance.now() - start, rssBytes: process.memoryUsage().rss });
  }
  const { bytes } = await file.finish();
  return {
    bytes,
    earlyRssBytes: tenths[1]!.rssBytes,
    lateRssBytes: process.memoryUsage().rss,
    earlyMs: tenths[1]!.ms,
    lateMs: tenths[9]!.ms,
  };
}
