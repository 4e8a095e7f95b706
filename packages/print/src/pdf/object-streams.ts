import { ContentBuffer } from './content-buffer.ts';
import type { CrossReferences } from './cross-references.ts';
import { Deflater } from './deflate.ts';
import type { Outflow } from './outflow.ts';
import type { Ref } from './syntax.ts';

/** More would compress little better and make a reader unpack more for one page. */
const objectsPerStream = 200;

/** Objects without streams, gathered and compressed together (ISO 32000-1, 7.5.7): about 10 bytes a page instead of 200. */
export class ObjectStreams {
  readonly #outflow: Outflow;
  readonly #references: CrossReferences;
  readonly #bodies = new ContentBuffer();
  readonly #index = new ContentBuffer();
  readonly #deflater = new Deflater();
  #stream: Ref | undefined;
  #count = 0;

  constructor(outflow: Outflow, references: CrossReferences) {
    this.#outflow = outflow;
    this.#references = references;
  }

  /** Begins an object; its body goes into the buffer that is returned, before any other call. */
  begin(ref: Ref): ContentBuffer {
    if (this.#count === objectsPerStream) this.flush();
    this.#stream ??= this.#references.allocate();
    this.#references.placeInStream(ref, this.#stream, this.#count);
    if (this.#count > 0) this.#bodies.byte(0x0a);
    this.#index.integer(ref);
    this.#index.integer(this.#bodies.length);
    this.#count++;
    return this.#bodies;
  }

  flush(): void {
    if (this.#stream === undefined) return;
    const first = this.#index.length;
    this.#index.raw(this.#bodies.bytes());
    const data = this.#deflater.deflate(this.#index.bytes());
    this.#references.placeAt(this.#stream, this.#outflow.position);
    this.#outflow.ascii(
      `${this.#stream} 0 obj\n<</Type/ObjStm/N ${this.#count}/First ${first}/Filter/FlateDecode/Length ${data.length}>>stream\n`,
    );
    this.#outflow.raw(data);
    this.#outflow.ascii('\nendstream\nendobj\n');
    this.#bodies.clear();
    this.#index.clear();
    this.#stream = undefined;
    this.#count = 0;
  }
}
