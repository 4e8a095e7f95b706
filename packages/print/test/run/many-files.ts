import type { PrintJob } from '../../src/run/print-run.ts';
import { jobOf, onePage, recordsOf, sampleLayout, samplePress, sampleRecords } from './jobs.ts';

export type ManyFilesKind = 'cards' | 'sheets';

/** Ten files of cards, or ten of sheets and ten of their scratch panels; the last of each is not full. */
export function manyFiles(folder: string, kind: ManyFilesKind): PrintJob {
  const { columns, rows } = sampleRecords();
  const recordCount = kind === 'cards' ? 2_950 : 950;
  const records = Array.from({ length: recordCount }, (_, index) => rows[index % rows.length]!);
  return jobOf({
    layout: sampleLayout('gift-card'),
    press: kind === 'cards' ? onePage(300) : samplePress('offset-8x3', { sheetsPerFile: 4 }),
    records: recordsOf(columns, records),
    folder,
  });
}
