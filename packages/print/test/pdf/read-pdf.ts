import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inFolder } from './sample-file.ts';

export type PdfValue = string | number | boolean | null | PdfValue[] | { [key: string]: PdfValue };
export type PdfDictionary = { [key: string]: PdfValue };

/** A PDF as qpdf, which knows nothing of this package, reads it. */
export interface ReadPdf {
  readonly version: string;
  readonly objects: ReadonlyMap<string, PdfValue>;
  readonly streams: ReadonlyMap<string, Buffer>;
  readonly trailer: PdfDictionary;
  readonly catalogue: PdfDictionary;
  readonly pages: readonly PdfDictionary[];
  /** What a value is, or what it refers to; of a stream its dictionary. */
  resolve(value: PdfValue | undefined): PdfValue;
  dictionary(value: PdfValue | undefined): PdfDictionary;
  /** A stream's data without its filters. */
  data(value: PdfValue | undefined): Buffer;
}

interface QpdfJson {
  readonly qpdf: readonly [
    { readonly pdfversion: string },
    Record<string, { value?: PdfValue; stream?: { dict: PdfDictionary; data?: string } }>,
  ];
}

export function readPdf(pdf: Uint8Array): ReadPdf {
  const json = inFolder((folder) => {
    writeFileSync(join(folder, 'a.pdf'), pdf);
    const options = ['--json=2', '--json-stream-data=inline', '--decode-level=generalized'];
    const text = execFileSync('qpdf', [...options, join(folder, 'a.pdf')], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    return JSON.parse(text) as QpdfJson;
  });
  const [{ pdfversion }, entries] = json.qpdf;
  const objects = new Map<string, PdfValue>();
  const streams = new Map<string, Buffer>();
  for (const [key, { value, stream }] of Object.entries(entries)) {
    const ref = key.replace(/^obj:/, '');
    objects.set(ref, stream ? stream.dict : (value ?? null));
    if (stream) streams.set(ref, Buffer.from(stream.data ?? '', 'base64'));
  }
  const resolve = (value: PdfValue | undefined): PdfValue => {
    if (typeof value !== 'string' || !/^\d+ 0 R$/.test(value)) return value ?? null;
    const object = objects.get(value);
    if (object === undefined) throw new Error(`${value} is nowhere in the file`);
    return resolve(object);
  };
  const dictionary = (value: PdfValue | undefined): PdfDictionary => {
    const resolved = resolve(value);
    if (typeof resolved !== 'object' || resolved === null || Array.isArray(resolved))
      throw new Error(`${JSON.stringify(value)} is no dictionary`);
    return resolved;
  };
  const data = (value: PdfValue | undefined): Buffer => {
    const stream = streams.get(String(value));
    if (!stream) throw new Error(`${JSON.stringify(value)} is no stream`);
    return stream;
  };
  const trailer = dictionary(objects.get('trailer'));
  const catalogue = dictionary(trailer['/Root']);
  const pages: PdfDictionary[] = [];
  const walk = (node: PdfDictionary): void => {
    if (node['/Type'] === '/Page') pages.push(node);
    else for (const kid of resolve(node['/Kids']) as PdfValue[]) walk(dictionary(kid));
  };
  walk(dictionary(catalogue['/Pages']));
  return { version: pdfversion, objects, streams, trailer, catalogue, pages, resolve, dictionary, data };
}

/** Every value in every object, dictionaries and arrays before what they hold. */
export function* valuesOf(pdf: ReadPdf): Generator<PdfValue> {
  const pending: PdfValue[] = [...pdf.objects.values()];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    yield value;
    if (typeof value === 'object' && value !== null) pending.push(...Object.values(value));
  }
}
