import { availableParallelism } from 'node:os';
import { openDocument, type RunDocument } from './document.ts';
import { Drawer } from './drawer.ts';
import type { DrawingTask, Drawn } from './drawing.ts';
import { DrawingPool } from './pool.ts';
import type { DrawerSetup } from './setup.ts';

/** Threads take longer to start than so few cards to draw. */
const fewRecords = 2_000;

/** Who draws a run: this thread, and where cards are many a thread for each other core. */
export class DrawingCrew {
  readonly #threadsAsked: number | undefined;
  #pool: DrawingPool | undefined;
  #drawer: Drawer | undefined;
  /** Of tasks whose pages are written. New ones for each task would be collected late and in bulk: 100 MB of garbage. */
  readonly #emptied: ArrayBuffer[][] = [];

  /** `threads` besides this one, 0 for none; chosen by the number of records where it is left out. */
  constructor(threads?: number) {
    this.#threadsAsked = threads;
  }

  /** There will be so many records at least. Threads load while the rest is still being counted. */
  expect(records: number): void {
    if (this.#pool !== undefined) return;
    const threads = this.#threadsAsked ?? (records > fewRecords ? availableParallelism() - 1 : 0);
    if (threads > 0) this.#pool = new DrawingPool(threads);
  }

  /**
   * So many tasks keep all busy: what threads have, and what this one drew meanwhile, so that the first of them is done
   * when it comes to be written.
   */
  get tasksInHand(): number {
    return (this.#pool?.room ?? 0) + 3;
  }

  /** Compiles the layout, here and in all threads at once. Rejects with the `Refusal` of a setup that cannot be used. */
  async open(setup: DrawerSetup): Promise<RunDocument> {
    const opened = this.#pool?.open(setup);
    // Met below; until then it must not count as unhandled.
    opened?.catch(() => undefined);
    const document = openDocument(setup);
    await opened;
    this.#drawer = new Drawer(document);
    return document;
  }

  /** Draws here, at once, what no thread has room for. Rejects with the `Refusal` of a card that cannot be drawn. */
  async draw(task: DrawingTask): Promise<Drawn> {
    const buffers = this.#emptied.pop() ?? [];
    if (this.#pool?.hasRoom) return this.#pool.draw(task, buffers);
    if (this.#drawer === undefined) throw new Error('the crew draws after it was opened');
    return this.#drawer.draw(task, buffers);
  }

  /** Its pages are written: what they were drawn into serves another task. */
  takeBack({ outputs }: Drawn): void {
    this.#emptied.push(outputs.map(({ bytes }) => bytes.buffer));
  }

  async close(): Promise<void> {
    await this.#pool?.close();
  }
}
