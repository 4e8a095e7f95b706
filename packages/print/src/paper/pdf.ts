import { createHash } from 'node:crypto';
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
}

interface DrawnPage {
  readonly box: Box;
  readonly content: Uint8Array;
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
  const { createdAt } = facts;
  const [first, ...more] = papers;
  const title = first!.paper.title + (more.length === 0 ? '' : ` … (${papers.length})`);
  const pen = new PdfPen(resources, { codes: 'rectangles' });
  const pages = [...drawnPages(papers, pen, facts.dotsPerInch)];
  const sink = { write: (chunk: Uint8Array) => void chunks.push(chunk) };
  const file = new PdfFile(sink, { title, createdAt, documentId: idOf(title, pages) });
  const written = writeResources(file, resources);
  for (const { box, content } of pages) {
    const page = { mediaBox: box, trimBox: box, bleedBox: box, content, isDeflated: true };
    file.addPage({ ...page, resources: written.dictionary });
  }
  for (const [index, typeface] of resources.typefaces.entries())
    embedFont(file, written.fonts[index]!, subsetTypeface(typeface, pen.usedGlyphs[index]!));
  await file.finish();
  return Buffer.concat(chunks);
}

function* drawnPages(papers: readonly MeasuredPaper[], pen: PdfPen, labelDpi: number): Generator<DrawnPage> {
  for (const { paper, typesetter } of papers) {
    const box: Box = [0, 0, paper.widthMm * ptPerMm, paper.heightMm * ptPerMm];
    for (const draw of paper.pages) {
      pen.reset();
      draw(new Page(mediumOf(pen, paper, labelDpi), paper, typesetter));
      yield { box, content: deflateSync(pen.bytes()) };
    }
  }
}

/** Of what is shown, never of the data: a hash of a whole number tells those who try them all what its stars hide. */
function idOf(title: string, pages: readonly DrawnPage[]): string {
  const hash = createHash('sha256').update(title);
  for (const { content } of pages) hash.update(content);
  return hash.digest('hex').slice(0, 32);
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
