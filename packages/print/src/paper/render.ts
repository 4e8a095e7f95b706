import { Refusal } from '../refusal.ts';
import { type MeasuredPaper, pdfOf } from './pdf.ts';
import { planPaper } from './plan.ts';
import type { PaperKind } from './schema.ts';
import { type PaperFonts, Typesetter } from './text.ts';
import { trueDpi, type ZplDpi, zplOf } from './zpl.ts';

export interface PaperOptions {
  readonly format: 'pdf' | 'zpl';
  readonly fonts: PaperFonts;
  /** Of the label printer; symbols are laid on its dots in PDF too. 203 unless stated, A4 papers have 600. */
  readonly dotsPerInch?: ZplDpi;
  /** Whether a label printer draws symbols itself, see `ZplOptions`; `native` unless stated. */
  readonly codes?: 'native' | 'bitmap';
  /** ISO 8601 with seconds and an offset, for the PDF's metadata. Papers show the `date` of their data. */
  readonly createdAt: string;
}

/**
 * Labels and papers (标签与单据) as one file: `data` is the JSON of one paper (see `paperSchemas`) or a list of them, in
 * this order. Same data, same bytes. ZPL is for labels and waybills.
 *
 * @throws Refusal `paper-malformed`, `paper-totals-differ`, `paper-text-too-long`, `record-text-unsafe`, `code-too-small`
 * and those of the fonts, each with the paper's number and the property; `paper-format-unsupported`.
 */
export async function renderPaper(
  kind: PaperKind,
  data: unknown,
  options: PaperOptions,
): Promise<Uint8Array> {
  const { fonts, format, dotsPerInch = 203, codes = 'native' } = options;
  const list: readonly unknown[] = Array.isArray(data) ? data : [data];
  if (list.length === 0) throw new Refusal('paper-malformed', 'there is no paper in the list');
  if (format === 'zpl' && !zplKinds.has(kind))
    throw new Refusal('paper-format-unsupported', `${kind} as ZPL`);
  const papers = list.map((one, index): MeasuredPaper => {
    const typesetter = new Typesetter(fonts, index + 1);
    return { paper: planPaper(kind, one, typesetter), typesetter };
  });
  if (format === 'pdf')
    return pdfOf(papers, { dotsPerInch: trueDpi(dotsPerInch), createdAt: options.createdAt });
  return Buffer.from(
    papers.map(({ paper, typesetter }) => zplOf(paper, typesetter, { dotsPerInch, codes })).join(''),
  );
}

const zplKinds: ReadonlySet<PaperKind> = new Set<PaperKind>([
  'bundle-label',
  'box-label',
  'carton-label',
  'waybill',
]);
