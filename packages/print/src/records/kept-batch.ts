import type { NumberedBatch } from './record.ts';

/** The records of a batch for which `keeps` holds; undefined when there is none. */
export function keptOf(
  batch: NumberedBatch,
  keeps: (recordNo: number, index: number) => boolean,
): NumberedBatch | undefined {
  const { recordNos, rows } = batch;
  const places: number[] = [];
  for (let index = 0; index < rows.length; index++) {
    if (keeps(recordNos[index] as number, index)) places.push(index);
  }
  if (places.length === 0) return undefined;
  if (places.length === rows.length) return batch;
  return {
    recordNos: Uint32Array.from(places, (index) => recordNos[index] as number),
    rows: places.map((index) => rows[index] as (typeof rows)[number]),
  };
}
