import type { RecordSource } from '../records/record.ts';
import { Refusal } from '../refusal.ts';

const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Work that Ctrl-C or SIGTERM stops between two steps, so that it can put away what is half made; a second signal ends
 * the process at once. The signal's name is the detail of the refusal with which it stops.
 */
export async function interruptible<T>(
  code: 'run-interrupted' | 'file-interrupted',
  out: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    for (const name of signals) process.off(name, stop);
    abort.abort(new Refusal(code, signal, { file: out }));
  };
  for (const name of signals) process.on(name, stop);
  try {
    return await work(abort.signal);
  } finally {
    for (const name of signals) process.off(name, stop);
  }
}

/** The same records until the signal comes: also the reading that comes before the first card can be stopped. */
export function until(signal: AbortSignal, source: RecordSource): RecordSource {
  const { numbered } = source;
  return {
    ...source,
    batches: () => passedOn(signal, source.batches()),
    ...(numbered !== undefined && { numbered: () => passedOn(signal, numbered()) }),
  };
}

async function* passedOn<Batch>(signal: AbortSignal, batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
  for await (const batch of batches) {
    signal.throwIfAborted();
    yield batch;
  }
}
