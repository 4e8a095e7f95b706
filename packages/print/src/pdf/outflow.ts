/**
 * Where a file's bytes go. A sink that returns nothing keeps its chunks. One that returns promises asks the writer to wait
 * for each, ends it by rejecting, and has a chunk until its promise is settled: the memory is then written anew.
 */
export interface PdfSink {
  write(chunk: Uint8Array<ArrayBuffer>): void | Promise<void>;
}

/** A write costs a system call and often a promise: so many bytes at a time make both cheap. */
const chunkBytes = 256 * 1024;

/** Gathers small writes into chunks for a sink, in order; after a failure of the sink every call throws it. */
export class Outflow {
  readonly #sink: PdfSink;
  #chunk = Buffer.allocUnsafeSlow(chunkBytes);
  /** One that came back. Without it every chunk would be garbage, which V8 collects only when there is much of it. */
  #spare: Buffer<ArrayBuffer> | undefined;
  #used = 0;
  #handedOver = 0;
  #waiting: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(sink: PdfSink) {
    this.#sink = sink;
  }

  /** Bytes written so far: the place of the next one in the file. */
  get position(): number {
    return this.#handedOver + this.#used;
  }

  /** Set while the sink asks to wait. A writer that goes on all the same only costs memory. */
  get waiting(): Promise<void> | undefined {
    return this.#waiting;
  }

  ascii(text: string): void {
    if (text.length > chunkBytes - this.#used) {
      this.raw(Buffer.from(text, 'latin1'));
    } else {
      this.#throwFailure();
      this.#used += this.#chunk.write(text, this.#used, 'latin1');
    }
  }

  raw(bytes: Uint8Array): void {
    this.#throwFailure();
    if (bytes.length <= chunkBytes - this.#used) {
      this.#chunk.set(bytes, this.#used);
      this.#used += bytes.length;
      return;
    }
    for (let at = 0; at < bytes.length; ) {
      if (this.#used === chunkBytes) this.#handOver();
      const part = bytes.subarray(at, at + chunkBytes - this.#used);
      this.#chunk.set(part, this.#used);
      this.#used += part.length;
      at += part.length;
    }
  }

  /** Hands over what is left and waits for the sink. */
  async end(): Promise<void> {
    this.#throwFailure();
    if (this.#used > 0) this.#handOver();
    await this.#waiting;
    this.#throwFailure();
  }

  #handOver(): void {
    const whole = this.#chunk;
    const chunk = whole.subarray(0, this.#used);
    this.#handedOver += this.#used;
    this.#chunk = this.#spare ?? Buffer.allocUnsafeSlow(chunkBytes);
    this.#spare = undefined;
    this.#used = 0;
    if (this.#waiting) {
      this.#wait(
        this.#waiting.then(() => this.#sink.write(chunk)),
        whole,
      );
      return;
    }
    try {
      const written = this.#sink.write(chunk);
      if (written) this.#wait(written, whole);
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  #wait(written: Promise<void>, chunk: Buffer<ArrayBuffer>): void {
    const waiting = written.then(
      () => {
        if (this.#waiting === waiting) this.#waiting = undefined;
        this.#spare = chunk;
      },
      (error: unknown) => {
        this.#failure ??= { error };
        throw error;
      },
    );
    // Whoever writes or finishes next meets the failure; nobody has to be waiting now.
    waiting.catch(() => undefined);
    this.#waiting = waiting;
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
