import type { RecordSource } from '../records/record.ts';
import { until } from './interruption.ts';
import { Progress } from './progress.ts';

/** Work on records that tells how far it has come and stops at the signal. */
export async function watched<T>(
  source: RecordSource,
  signal: AbortSignal,
  work: (records: RecordSource) => Promise<T>,
): Promise<T> {
  const progress = new Progress();
  const { columns, count } = source;
  try {
    return await work({
      columns,
      ...(count !== undefined && { count }),
      async *batches() {
        let records = 0;
        for await (const rows of until(signal, source).batches()) {
          yield rows;
          records += rows.length;
          progress.tell('写入 writing records', records, count);
        }
      },
    });
  } finally {
    progress.end();
  }
}
