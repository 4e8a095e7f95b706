import { deflateSync } from 'node:zlib';
import { ContentBuffer } from './content-buffer.ts';
import { CrossReferences, entryWidths } from './cross-references.ts';
import { type DocumentFacts, infoBody, metadataFacts, xmpPacket } from './metadata.ts';
import { ObjectStreams } from './object-streams.ts';
import { Outflow, type PdfSink } from './outflow.ts';
import { type OutputIntent, outputIntentBody } from './output-intent.ts';
import { PageTree } from './page-tree.ts';
import { numbersText, type Ref } from './syntax.ts';

/** [left, bottom, right, top] in points. */
export type Box = readonly [number, number, number, number];

export interface PdfPage {
  readonly mediaBox: Box;
  readonly trimBox: Box;
  readonly bleedBox: Box;
  /** The content stream, as it is or deflated (zlib). Copied at once. */
  readonly content: Uint8Array;
  readonly isDeflated: boolean;
  readonly resources: Ref;
}

export interface PdfFileOptions extends DocumentFacts {
  /** With it the file is PDF/X-4; without it plain PDF 1.6, for papers that no press takes. */
  readonly outputIntent?: OutputIntent;
}

export interface FinishedPdf {
  readonly bytes: number;
  readonly pages: number;
}

/** The second line tells transfer programs that the file is binary (ISO 32000-1, 7.5.2). */
const header = Buffer.from('%PDF-1.6\n%\xe2\xe3\xcf\xd3\n', 'latin1');

/**
 * A PDF 1.6 file written from front to back: each object is written once and forgotten; eight bytes an object and the
 * height of the page tree stay in memory. The bytes depend on nothing but the calls.
 *
 * Writing is synchronous. Where many pages come, `if (file.waiting) await file.waiting` after some of them lets a slow
 * sink catch up. After a failure of the sink every call throws it, and `finish` rejects with it.
 */
export class PdfFile {
  readonly #outflow: Outflow;
  readonly #references = new CrossReferences();
  readonly #objectStreams: ObjectStreams;
  readonly #pageTree: PageTree;
  readonly #options: PdfFileOptions;
  /** Written digit by digit: strings for every page would be the only thing that grows the heap. */
  readonly #streamHead = new ContentBuffer();
  #pageTail = Buffer.alloc(0);
  #tailOf: PdfPage | undefined;
  #isFinished = false;

  constructor(sink: PdfSink, options: PdfFileOptions) {
    metadataFacts(options);
    this.#options = options;
    this.#outflow = new Outflow(sink);
    this.#objectStreams = new ObjectStreams(this.#outflow, this.#references);
    this.#pageTree = new PageTree(
      () => this.allocate(),
      (ref, body) => this.writeObject(ref, body),
    );
    this.#outflow.raw(header);
  }

  /** Set while the sink asks to wait. */
  get waiting(): Promise<void> | undefined {
    return this.#outflow.waiting;
  }

  get bytesWritten(): number {
    return this.#outflow.position;
  }

  /** The profile of the file's output intent: device colours already mean it. */
  get outputProfile(): Uint8Array | undefined {
    return this.#options.outputIntent?.profile;
  }

  /** A number for an object that will be written later; `finish` fails where one was forgotten. */
  allocate(): Ref {
    return this.#references.allocate();
  }

  /** Writes an object that is no stream; `body` is ASCII in PDF syntax. */
  writeObject(ref: Ref, body: string): void {
    this.#objectStreams.begin(ref).ascii(body);
  }

  /** Writes a stream with the dictionary's `entries` (`/Type/XObject…`); `deflate` packs the bytes here. */
  writeStream(
    ref: Ref,
    entries: string,
    bytes: Uint8Array,
    { deflate }: { readonly deflate: boolean },
  ): void {
    // Level 9 takes three times as long for a profile or font that is a thousandth smaller.
    const data = deflate ? deflateSync(bytes, { level: 6 }) : bytes;
    this.#placeStream(ref, `${entries}${deflate ? '/Filter/FlateDecode' : ''}`, data);
  }

  /** Adds the next page. */
  addPage(page: PdfPage): Ref {
    const content = this.allocate();
    this.#placeStream(content, page.isDeflated ? '/Filter/FlateDecode' : '', page.content);
    const ref = this.allocate();
    const parent = this.#pageTree.add(ref);
    const body = this.#objectStreams.begin(ref);
    body.ascii('<</Type/Page/Parent ');
    body.integer(parent);
    body.ascii('0 R/Contents ');
    body.integer(content);
    body.raw(this.#tail(page));
    return ref;
  }

  /** Writes what belongs to the whole file, hands the last bytes over and waits for the sink. */
  async finish(): Promise<FinishedPdf> {
    if (this.#isFinished) throw new Error('the PDF file is finished already');
    this.#isFinished = true;
    const catalogue = this.allocate();
    const info = this.allocate();
    this.#writeCatalogue(catalogue);
    this.writeObject(info, infoBody(this.#options));
    this.#objectStreams.flush();
    await this.#writeCrossReferences(catalogue, info);
    await this.#outflow.end();
    return { bytes: this.#outflow.position, pages: this.#pageTree.pages };
  }

  #writeCatalogue(catalogue: Ref): void {
    const metadata = this.allocate();
    const { outputIntent } = this.#options;
    // Uncompressed, so that programs which know no PDF find the packet too.
    const packet = xmpPacket(this.#options, outputIntent !== undefined);
    this.writeStream(metadata, '/Type/Metadata/Subtype/XML', packet, { deflate: false });
    let intents = '';
    if (outputIntent) {
      const profile = this.allocate();
      this.writeStream(profile, '/N 4', outputIntent.profile, { deflate: true });
      intents = `/OutputIntents[${outputIntentBody(outputIntent, profile)}]`;
    }
    const pages = this.#pageTree.finish();
    this.writeObject(catalogue, `<</Type/Catalog/Pages ${pages} 0 R/Metadata ${metadata} 0 R${intents}>>`);
  }

  async #writeCrossReferences(catalogue: Ref, info: Ref): Promise<void> {
    const ref = this.allocate();
    const start = this.#outflow.position;
    this.#references.placeAt(ref, start);
    const missing = this.#references.firstMissing();
    if (missing !== undefined) throw new Error(`object ${missing} was allocated and never written`);
    const rows = await this.#references.deflated();
    const id = `<${this.#options.documentId.toUpperCase()}>`;
    const columns = entryWidths.reduce((sum, width) => sum + width, 0);
    this.#outflow.ascii(
      `${ref} 0 obj\n<</Type/XRef/Size ${this.#references.count}/W[${entryWidths.join(' ')}]/Root ${catalogue} 0 R` +
        `/Info ${info} 0 R/ID[${id}${id}]/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns ${columns}>>` +
        `/Length ${rows.length}>>stream\n`,
    );
    this.#outflow.raw(rows);
    this.#outflow.ascii(`\nendstream\nendobj\nstartxref\n${start}\n%%EOF\n`);
  }

  #placeStream(ref: Ref, entries: string, data: Uint8Array): void {
    this.#references.placeAt(ref, this.#outflow.position);
    const head = this.#streamHead;
    head.clear();
    head.integer(ref);
    head.ascii('0 obj\n<<');
    head.ascii(entries);
    head.ascii('/Length ');
    head.integer(data.length);
    head.ascii('>>stream\n');
    this.#outflow.raw(head.bytes());
    this.#outflow.raw(data);
    this.#outflow.ascii('\nendstream\nendobj\n');
  }

  /** The end of a page dictionary: made once for all pages of one geometry in a row. */
  #tail(page: PdfPage): Buffer {
    const last = this.#tailOf;
    const isSame =
      last &&
      last.resources === page.resources &&
      last.mediaBox === page.mediaBox &&
      last.trimBox === page.trimBox &&
      last.bleedBox === page.bleedBox;
    if (!isSame) {
      this.#tailOf = { ...page, content: new Uint8Array(0) };
      this.#pageTail = Buffer.from(
        `0 R/MediaBox${numbersText(page.mediaBox)}/BleedBox${numbersText(page.bleedBox)}` +
          `/TrimBox${numbersText(page.trimBox)}/Resources ${page.resources} 0 R>>`,
        'latin1',
      );
    }
    return this.#pageTail;
  }
}
