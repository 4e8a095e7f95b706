import { createHash } from 'node:crypto';
import type { PressKey } from './press-key.ts';

/** Where bytes go: a `WholeFile`, a socket. A returned promise is waited for before the next write. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void> | void;
}

/** What a written file is known by. */
export interface Seal {
  readonly sha256: string;
  readonly bytes: number;
}

export interface Outflow {
  write(bytes: Uint8Array): Promise<void>;
  /** After the last byte; what went into the sink. */
  close(): Promise<Seal>;
  /** Instead of `close`: nothing reaches the sink any more once it is settled. Never rejects. */
  abort(reason: unknown): Promise<void>;
}

/** The bytes as they are. */
export function plainOutflow(sink: ByteSink): Outflow {
  const tally = tallied(sink);
  return {
    write: tally.write,
    close: async () => tally.seal(),
    abort: async () => {},
  };
}

/** The bytes encrypted to the key, piece by piece. */
export function sealedOutflow(sink: ByteSink, key: PressKey): Outflow {
  const tally = tallied(sink);
  const feed = new Feed();
  const pumped = (async () => {
    try {
      const sealed = await key.seal(feed.stream);
      for await (const piece of sealed) await tally.write(piece);
    } catch (error) {
      feed.stop();
      throw error;
    }
  })();
  pumped.catch(() => {});
  return {
    write: async (bytes) => {
      // A cipher that stops reading need not say why; the pump knows.
      if (!(await feed.write(bytes))) await pumped;
    },
    close: async () => {
      feed.end();
      await pumped;
      return tally.seal();
    },
    abort: async (reason) => {
      feed.fail(reason);
      await pumped.catch(() => {});
    },
  };
}

function tallied(sink: ByteSink): { write(bytes: Uint8Array): Promise<void>; seal(): Seal } {
  const hash = createHash('sha256');
  let total = 0;
  return {
    write: async (bytes) => {
      hash.update(bytes);
      total += bytes.length;
      await sink.write(bytes);
    },
    seal: () => ({ sha256: hash.digest('hex'), bytes: total }),
  };
}

/** A stream that is written to, one piece ahead of its reader; a reader that stops wakes the writer. */
class Feed {
  readonly stream: ReadableStream<Uint8Array>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #wake: () => void = () => {};
  #isStopped = false;

  constructor() {
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#wake(),
      cancel: () => this.stop(),
    });
  }

  /** False if the reader has stopped. */
  async write(piece: Uint8Array): Promise<boolean> {
    while (!this.#isStopped && (this.#controller.desiredSize ?? 0) <= 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#isStopped) return false;
    this.#controller.enqueue(piece);
    return true;
  }

  end(): void {
    if (!this.#isStopped) this.#controller.close();
  }

  fail(reason: unknown): void {
    if (!this.#isStopped) this.#controller.error(reason);
  }

  /** The reader takes no more. */
  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }
}
