import { parentPort } from 'node:worker_threads';
import { Refusal } from '../refusal.ts';
import { type Drawer, openDrawer } from './drawer.ts';
import type { DrawingTask } from './drawing.ts';
import type { ThreadAnswer, ThreadOrder } from './pool.ts';

/** A drawing thread: compiles the setup once, then draws what it is told, in order. */
let drawer: Drawer | undefined;

parentPort?.on('message', (order: ThreadOrder) => {
  try {
    if (order.kind === 'draw') return draw(order.task, order.buffers);
    drawer = openDrawer(order.setup);
    answer({ kind: 'opened' });
  } catch (error) {
    answer(told(error));
  }
});

function draw(task: DrawingTask, buffers: readonly ArrayBuffer[]): void {
  if (drawer === undefined) throw new Error('a task came before the setup');
  const drawn = drawer.draw(task, buffers);
  const pages = drawn.outputs.flatMap(({ bytes, lengths }) => [bytes.buffer, lengths.buffer]);
  answer({ kind: 'drawn', drawn }, pages);
}

function answer(message: ThreadAnswer, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

function told(error: unknown): ThreadAnswer {
  if (!(error instanceof Refusal)) return { kind: 'failed', error };
  const { code, detail, place } = error;
  return { kind: 'refused', refusal: { code, detail, place } };
}
