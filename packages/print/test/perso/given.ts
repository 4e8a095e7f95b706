import { type PersoProfile, parsePersoProfile } from '../../src/perso/profile.ts';
import type { PersoField, PersoProfileJson } from '../../src/perso/schema.ts';
import { type PersoOptions, type PersoSummary, writePerso } from '../../src/perso/write.ts';
import type { RecordSource, Row } from '../../src/records/record.ts';
import { Refusal, type RefusalCode } from '../../src/refusal.ts';

/** A profile of fields that each hold the column of their name, all the rest as the test says. */
export function profileOf(
  fields: readonly (string | PersoField)[],
  rest: Partial<PersoProfileJson> = {},
): PersoProfile {
  const all = fields.map((field) =>
    typeof field === 'string' ? ({ from: 'record', name: field, value: `{${field}}` } as const) : field,
  );
  const columns = Object.fromEntries(
    fields.filter((field) => typeof field === 'string').map((name) => [name, {}]),
  );
  return parsePersoProfile({
    version: 1,
    name: 'line',
    format: 'csv',
    encoding: 'utf-8',
    lineEnd: 'lf',
    columns,
    fields: all,
    ...rest,
  });
}

export function sourceOf(columns: readonly string[], rows: readonly Row[], batchSize = 3): RecordSource {
  return {
    columns,
    count: rows.length,
    async *batches() {
      for (let at = 0; at < rows.length; at += batchSize) yield rows.slice(at, at + batchSize);
    },
  };
}

export class Collected {
  readonly pieces: Buffer[] = [];
  write(piece: Uint8Array): void {
    this.pieces.push(Buffer.from(piece));
  }
  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }
}

export async function written(
  profile: PersoProfile,
  columns: readonly string[],
  rows: readonly Row[],
  options: PersoOptions = { unencrypted: true },
): Promise<{ bytes: Buffer; text: string; summary: PersoSummary }> {
  const sink = new Collected();
  const summary = await writePerso(sourceOf(columns, rows), profile, sink, options);
  return {
    bytes: sink.bytes,
    text: new TextDecoder(profile.encoding, { ignoreBOM: true }).decode(sink.bytes),
    summary,
  };
}

/** In pieces that end anywhere, as files and sockets give them. */
export async function* piecesOf(bytes: Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** For `assert.throws` and `assert.rejects`: a refusal of that code, at that place if one is given. */
export function refusalOf(code: RefusalCode, at?: string, recordNo?: number): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof Refusal)) throw error;
    const isSame =
      error.code === code &&
      (at === undefined || error.place.at === at) &&
      (recordNo === undefined || error.place.recordNo === recordNo);
    if (!isSame) throw new Error(`expected ${code} at ${at} of ${recordNo}, not: ${error.message}`);
    return true;
  };
}
