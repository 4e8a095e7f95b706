import { parentPort, workerData } from 'node:worker_threads';
import { Refusal } from '../refusal.ts';
import { openDrawer } from './drawer.ts';
import type { DrawingTask } from './drawing.ts';
import type { ThreadAnswer } from './pool.ts';
import type { DrawerSetup } from './setup.ts';

/** A drawing thread: compiles the setup once, then draws what it is told, in order. */
function answer(message: ThreadAnswer, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

function told(error: unknown): ThreadAnswer {
  if (!(error instanceof Refusal)) return { kind: 'failed', error };
  const { code, detail, place } = error;
  return { kind: 'refused', refusal: { code, detail, place } };
}

try {
  const drawer = await openDrawer(workerData as DrawerSetup);
  parentPort?.on('message', (task: DrawingTask) => {
    try {
      const drawn = drawer.draw(task);
      const buffers = drawn.outputs.flatMap(({ bytes, lengths }) => [bytes.buffer, lengths.buffer]);
      answer({ kind: 'drawn', drawn }, [...buffers, ...drawn.usedGlyphs.flat().map(({ buffer }) => buffer)]);
    } catch (error) {
      answer(told(error));
    }
  });
  answer({ kind: 'ready' });
} catch (error) {
  answer(told(error));
}
