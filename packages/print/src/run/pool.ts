import { Worker } from 'node:worker_threads';
import { Refusal } from '../refusal.ts';
import type { DrawingTask, Drawn, ThreadRefusal } from './drawing.ts';
import { type DrawerSetup, setupForThreads } from './setup.ts';

/** What a thread is told: first how to draw, then what. It answers each order, in order. */
export type ThreadOrder =
  | { readonly kind: 'open'; readonly setup: DrawerSetup }
  | { readonly kind: 'draw'; readonly task: DrawingTask; readonly buffers: readonly ArrayBuffer[] };

export type ThreadAnswer =
  | { readonly kind: 'opened' }
  | { readonly kind: 'drawn'; readonly drawn: Drawn }
  | { readonly kind: 'refused'; readonly refusal: ThreadRefusal }
  | { readonly kind: 'failed'; readonly error: unknown };

interface Waiting {
  readonly resolve: (answer: ThreadAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** A drawing thread, and the orders that it was given and has not answered. */
interface Thread {
  readonly worker: Worker;
  readonly waiting: Waiting[];
}

/** A thread's garbage is short-lived: with V8's usual 48 MiB it would only lie about longer. */
const youngGenerationMiB = 3;

/** One in work, and others that bridge the time until the main thread has ears for an answer. */
const tasksAThread = 3;

/** Threads that draw; each knows the whole setup, so that any task can go to any of them. */
export class DrawingPool {
  readonly #threads: readonly Thread[];
  #failure: unknown;

  /** Starts `size` threads. They load what they need while the caller goes on. */
  constructor(size: number) {
    this.#threads = Array.from({ length: size }, () => this.#start());
  }

  /** Waits until each thread has compiled the layout; once, before any task. Rejects with its refusal. */
  async open(setup: DrawerSetup): Promise<void> {
    const plain = setupForThreads(setup);
    await Promise.all(this.#threads.map((thread) => this.#ask(thread, { kind: 'open', setup: plain }, [])));
  }

  /** Tasks that all threads together take. */
  get room(): number {
    return tasksAThread * this.#threads.length;
  }

  get hasRoom(): boolean {
    return this.#threads.some(({ waiting }) => waiting.length < tasksAThread);
  }

  /**
   * Gives the task, and buffers to draw into, to the thread with the least to do. Rejects with the `Refusal` or the bug
   * that stopped it.
   */
  async draw(task: DrawingTask, buffers: readonly ArrayBuffer[]): Promise<Drawn> {
    const thread = this.#threads.reduce((least, other) =>
      other.waiting.length < least.waiting.length ? other : least,
    );
    const answer = await this.#ask(thread, { kind: 'draw', task, buffers }, [
      task.recordNos.buffer as ArrayBuffer,
      ...buffers,
    ]);
    if (answer.kind !== 'drawn') throw new Error(`a drawing thread answered a task with ${answer.kind}`);
    return answer.drawn;
  }

  /** Ends the threads; tasks in hand are dropped. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #start(): Thread {
    const worker = new Worker(new URL('./thread.ts', import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMiB },
    });
    const thread: Thread = { worker, waiting: [] };
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', (code) => this.#fail(new Error(`a drawing thread ended with ${code}`)));
    worker.on('message', (answer: ThreadAnswer) => {
      const asked = thread.waiting.shift();
      if (answer.kind === 'refused' || answer.kind === 'failed') asked?.reject(errorOf(answer));
      else asked?.resolve(answer);
    });
    return thread;
  }

  #ask({ worker, waiting }: Thread, order: ThreadOrder, transfer: ArrayBuffer[]): Promise<ThreadAnswer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      worker.postMessage(order, transfer);
    });
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const { waiting } of this.#threads) for (const { reject } of waiting.splice(0)) reject(error);
  }
}

function errorOf(answer: Extract<ThreadAnswer, { kind: 'refused' | 'failed' }>): unknown {
  if (answer.kind === 'failed') return answer.error;
  const { code, detail, place } = answer.refusal;
  return new Refusal(code, detail, place);
}
