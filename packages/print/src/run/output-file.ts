import { type FileSeal, openWholeFile, type WholeFile } from '../file/whole-file.ts';
import { subsetTypeface } from '../font/subset.ts';
import type { Typeface } from '../font/typeface.ts';
import { embedFont } from '../pdf/embed-font.ts';
import { PdfFile, type PdfFileOptions } from '../pdf/file.ts';
import type { Ref } from '../pdf/syntax.ts';
import { type WrittenResources, writeFontList, writeForm, writeResources } from '../pdf/write-resources.ts';
import type { OpenedOutput, RunDocument } from './document.ts';
import type { DrawnPages } from './drawing.ts';

/** A PDF of a run while it is written. It gets its name when it is whole. */
export class OutputFile {
  readonly #document: RunDocument;
  readonly #output: OpenedOutput;
  readonly #target: WholeFile;
  readonly #pdf: PdfFile;
  readonly #resources: WrittenResources;
  /** A bitset for each typeface of the output. */
  readonly #usedGlyphs: readonly Uint8Array[];
  #pages = 0;

  static async open(
    path: string,
    document: RunDocument,
    output: OpenedOutput,
    facts: PdfFileOptions,
  ): Promise<OutputFile> {
    const target = await openWholeFile(path);
    try {
      return new OutputFile(target, document, output, facts);
    } catch (error) {
      await target.abort();
      throw error;
    }
  }

  private constructor(target: WholeFile, document: RunDocument, output: OpenedOutput, facts: PdfFileOptions) {
    this.#target = target;
    this.#document = document;
    this.#output = output;
    let last = Promise.resolve();
    const sink = {
      write(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
        last = last.then(() => target.write(chunk));
        return last;
      },
    };
    this.#pdf = new PdfFile(sink, facts);
    this.#resources = writeResources(this.#pdf, output.resources, { leaveFontsOpen: true });
    this.#usedGlyphs = output.resources.typefaces.map(
      ({ glyphCount }) => new Uint8Array((glyphCount + 7) >> 3),
    );
    const ofForms = output.drawForms((name, content, box) => {
      const ref = this.#resources.forms.get(name);
      if (ref === undefined) throw new Error(`the form ${name} is not among the resources`);
      writeForm(this.#pdf, ref, { box, content, resources: this.#resources.dictionary });
    });
    this.#note(ofForms);
  }

  /** Adds the pages of one task, in order, and waits while the disk is slow. */
  async add({ bytes, lengths }: DrawnPages, usedGlyphs: readonly Uint16Array[]): Promise<void> {
    const { sides, isDeflated } = this.#document;
    let at = 0;
    for (const length of lengths) {
      const { mediaBox, trimBox, bleedBox } = sides[this.#pages++ % sides.length]!;
      const content = bytes.subarray(at, at + length);
      this.#pdf.addPage({
        mediaBox,
        trimBox,
        bleedBox,
        content,
        isDeflated,
        resources: this.#resources.dictionary,
      });
      at += length;
    }
    this.#note(usedGlyphs);
    await this.#pdf.waiting;
  }

  /** Embeds what was used of the fonts, ends the PDF and gives the file its name. */
  async commit(): Promise<FileSeal & { readonly pages: number }> {
    const fonts = this.#output.resources.typefaces.map((typeface, index) =>
      this.#embed(typeface, this.#usedGlyphs[index]!),
    );
    if (this.#resources.fontList !== undefined) writeFontList(this.#pdf, this.#resources.fontList, fonts);
    const { pages } = await this.#pdf.finish();
    return { ...(await this.#target.commit()), pages };
  }

  #note(usedGlyphs: readonly Uint16Array[]): void {
    for (const [index, glyphs] of usedGlyphs.entries()) {
      const bits = this.#usedGlyphs[index]!;
      for (const glyph of glyphs) bits[glyph >> 3]! |= 1 << (glyph & 7);
    }
  }

  /** Not a typeface that was only at hand, as a fallback. */
  #embed(typeface: Typeface, usedGlyphs: Uint8Array): Ref | undefined {
    if (usedGlyphs.every((bits) => bits === 0)) return undefined;
    const ref = this.#pdf.allocate();
    embedFont(this.#pdf, ref, subsetTypeface(typeface, usedGlyphs));
    return ref;
  }

  /** Leaves nothing. */
  async abort(): Promise<void> {
    await this.#target.abort();
  }
}
