import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Refusal } from '../refusal.ts';
import type { DrawingTask, Drawn, ThreadRefusal } from './drawing.ts';
import type { DrawerSetup } from './setup.ts';

export type ThreadAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'drawn'; readonly drawn: Drawn }
  | { readonly kind: 'refused'; readonly refusal: ThreadRefusal }
  | { readonly kind: 'failed'; readonly error: unknown };

interface Waiting {
  readonly resolve: (drawn: Drawn) => void;
  readonly reject: (error: unknown) => void;
}

/** A drawing thread, and the tasks that it was given and has not answered: it answers in order. */
interface Thread {
  readonly worker: Worker;
  readonly waiting: Waiting[];
}

/** Threads that draw; each knows the whole setup, so that any task can go to any of them. */
export class DrawingPool {
  readonly #threads: Thread[] = [];
  #failure: unknown;

  /** Starts `size` threads and waits until each has compiled the layout. Throws its refusal. */
  static async start(setup: DrawerSetup, size: number): Promise<DrawingPool> {
    const pool = new DrawingPool();
    try {
      await Promise.all(Array.from({ length: size }, () => pool.#add(setup)));
      return pool;
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  /** Gives the task to the thread with the least to do. Rejects with the `Refusal` or the bug that stopped it. */
  async draw(task: DrawingTask): Promise<Drawn> {
    if (this.#failure !== undefined) throw this.#failure;
    const thread = this.#threads.reduce((least, other) =>
      other.waiting.length < least.waiting.length ? other : least,
    );
    return new Promise((resolve, reject) => {
      thread.waiting.push({ resolve, reject });
      thread.worker.postMessage(task, [task.recordNos.buffer as ArrayBuffer]);
    });
  }

  /** Ends the threads; tasks in hand are dropped. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  async #add(setup: DrawerSetup): Promise<void> {
    const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: setup });
    const thread: Thread = { worker, waiting: [] };
    this.#threads.push(thread);
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', (code) => this.#fail(new Error(`a drawing thread ended with ${code}`)));
    const [first] = (await once(worker, 'message')) as [ThreadAnswer];
    if (first.kind === 'refused' || first.kind === 'failed') throw errorOf(first);
    worker.on('message', (answer: ThreadAnswer) => {
      const next = thread.waiting.shift();
      if (answer.kind === 'drawn') next?.resolve(answer.drawn);
      else if (answer.kind !== 'ready') next?.reject(errorOf(answer));
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
