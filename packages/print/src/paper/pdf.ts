import { deflateSync } from 'node:zlib';
import { type Pen, ptPerMm } from '../draw/pen.ts';
import { subsetTypeface } from '../font/subset.ts';
import type { Typeface } from '../font/typeface.ts';
import { embedFont } from '../pdf/embed-font.ts';
import { type Box, PdfFile } from '../pdf/file.ts';
import { PdfPen } from '../pdf/pen.ts';
import { PdfResources } from '../pdf/resources.ts';
import { writeResources } from '../pdf/write-resources.ts';
import type { PlannedPaper } from './flow.ts';
import { a4, Page, type PageMedium } from './page.ts';
import type { Typesetter } from './text.ts';

/** A paper as it will be drawn, with the typesetter that measured it. */
export interface MeasuredPaper {
  readonly paper: PlannedPaper;
  readonly typesetter: Typesetter;
}

export interface PaperPdfFacts {
  /** Of the label printer. */
  readonly dotsPerInch: number;
  readonly createdAt: string;
  /** 32 hexadecimal digits, the same for the same papers. */
  readonly documentId: string;
}

/** A4 papers come from office printers. */
const officeDotsPerInch = 600;

/**
 * All pages as one PDF 1.6, in black alone, fonts embedded. No PDF/X: an output intent would say that a press was meant.
 * Codes are vectors, since label printers' drivers scale images.
 */
export async function pdfOf(papers: readonly MeasuredPaper[], facts: PaperPdfFacts): Promise<Uint8Array> {
  const resources = new PdfResources({ typefaces: typefacesOf(papers, facts.dotsPerInch) });
  const chunks: Uint8Array[] = [];
  const { createdAt, documentId } = facts;
  const [first, ...more] = papers;
  const title = first!.paper.title + (more.length === 0 ? '' : ` … (${papers.length})`);
  const sink = { write: (chunk: Uint8Array) => void chunks.push(chunk) };
  const file = new PdfFile(sink, { title, createdAt, documentId });
  const written = writeResources(file, resources);
  const pen = new PdfPen(resources, { codes: 'rectangles' });
  for (const { paper, typesetter } of papers) {
    const box: Box = [0, 0, paper.widthMm * ptPerMm, paper.heightMm * ptPerMm];
    for (const draw of paper.pages) {
      pen.reset();
      draw(new Page(mediumOf(pen, paper, facts.dotsPerInch), paper, typesetter));
      const content = deflateSync(pen.bytes());
      const page = { mediaBox: box, trimBox: box, bleedBox: box, content, isDeflated: true };
      file.addPage({ ...page, resources: written.dictionary });
    }
  }
  for (const [index, typeface] of resources.typefaces.entries())
    embedFont(file, written.fonts[index]!, subsetTypeface(typeface, pen.usedGlyphs[index]!));
  await file.finish();
  return Buffer.concat(chunks);
}

function mediumOf(pen: Pen, paper: PlannedPaper, labelDpi: number): PageMedium {
  return {
    pen,
    dotsPerInch: paper.widthMm === a4.widthMm ? officeDotsPerInch : labelDpi,
    placeCode: (code) => pen.modules(code.modules, code.x, code.y, code.modulePt, code.rowPt),
  };
}

/** Those that the pages draw with: a file promises its fonts before the first page, and none that it does not use. */
function typefacesOf(papers: readonly MeasuredPaper[], labelDpi: number): readonly Typeface[] {
  const typefaces = new Set<Typeface>();
  const nothing = (): void => {};
  const pen: Pen = {
    ink: nothing,
    rect: nothing,
    path: nothing,
    line: nothing,
    text: (typeface) => void typefaces.add(typeface),
    modules: nothing,
    artwork: nothing,
    within: (_matrix, draw) => draw(),
  };
  for (const { paper, typesetter } of papers)
    for (const draw of paper.pages) draw(new Page(mediumOf(pen, paper, labelDpi), paper, typesetter));
  return [...typefaces];
}
