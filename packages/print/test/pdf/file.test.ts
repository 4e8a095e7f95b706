import assert from 'node:assert/strict';
import test from 'node:test';
import { inflateSync } from 'node:zlib';
import { CrossReferences } from '../../src/pdf/cross-references.ts';
import { PdfFile } from '../../src/pdf/file.ts';
import { PageTree } from '../../src/pdf/page-tree.ts';
import type { Ref } from '../../src/pdf/syntax.ts';
import { type PdfValue, readPdf, valuesOf } from './read-pdf.ts';
import { black, cardBox, checkWithQpdf, facts, pdfOf } from './sample-file.ts';

function numberedPages(count: number): Promise<Buffer> {
  return pdfOf(({ pen, addPage }) => {
    for (let page = 0; page < count; page++) {
      pen.ink(black);
      pen.rect(page, 0, 1, 1);
      addPage();
    }
  });
}

for (const count of [1, 255, 256, 257, 1000]) {
  test(`a file of ${count} pages is whole: every object is there, used and in the page tree`, async () => {
    const bytes = await numberedPages(count);
    assert.match(checkWithQpdf(bytes), /No syntax or stream encoding errors found/);
    const pdf = readPdf(bytes);
    assert.equal(pdf.version, '1.6');
    assert.equal(pdf.pages.length, count);
    const used = new Set<string>();
    for (const value of valuesOf(pdf)) {
      if (typeof value !== 'string' || !/^\d+ 0 R$/.test(value)) continue;
      pdf.resolve(value);
      used.add(value);
    }
    for (const [ref, value] of pdf.objects) {
      const isKept = ref === 'trailer' || used.has(ref);
      // Containers of other objects are found by position and referred to by none.
      const type =
        typeof value === 'object' && value !== null ? (value as { [key: string]: PdfValue })['/Type'] : '';
      assert.ok(isKept || type === '/ObjStm' || type === '/XRef', `${ref} is used by nothing`);
    }
    for (const [index, page] of pdf.pages.entries()) {
      const parent = pdf.dictionary(page['/Parent']);
      assert.ok((parent['/Kids'] as PdfValue[]).length <= 256);
      assert.equal(pdf.data(page['/Contents']).toString(), `0 0 0 1 k\n${index} 0 1 1 re f\n`);
    }
    assert.equal(pdf.dictionary(pdf.catalogue['/Pages'])['/Count'], count);
  });
}

test('the page tree of a million pages is three levels high, and forgets them', () => {
  const nodes = new Map<number, string>();
  let next = 1;
  const tree = new PageTree(
    () => next++ as Ref,
    (ref, body) => nodes.set(ref, body),
  );
  for (let page = 0; page < 1_000_000; page++) tree.add((10_000_000 + page) as Ref);
  const root = tree.finish();
  const depthOf = (ref: number): number => {
    const body = nodes.get(ref)!;
    const kids = [...body.matchAll(/(\d+) 0 R(?=[ \]])/g)].map(([, kid]) => Number(kid));
    assert.ok(kids.length > 0 && kids.length <= 256);
    return 1 + (kids[0]! >= 10_000_000 ? 0 : depthOf(kids[0]!));
  };
  assert.equal(depthOf(root), 3);
  assert.match(nodes.get(root)!, /\/Count 1000000\//);
  assert.doesNotMatch(nodes.get(root)!, /\/Parent/);
  const pagesInLeaves = [...nodes.values()].join('').match(/1\d{7} 0 R/g)!;
  assert.equal(pagesInLeaves.length, 1_000_000);
});

test('the same calls make the same bytes', async () => {
  assert.deepEqual(await numberedPages(300), await numberedPages(300));
});

test('places beyond 4 GiB keep all their digits', async () => {
  const references = new CrossReferences();
  const ref = references.allocate();
  references.placeAt(ref, 0xab_1234_5678);
  const rows = inflateSync(await references.deflated());
  // The row above is the free entry 0: each byte is the difference to it.
  assert.equal(rows.subarray(9).toString('hex'), '02' + '01' + 'ab12345678' + '0101');
  assert.throws(() => references.placeAt(references.allocate(), 2 ** 40), RangeError);
});

test('an object that is forgotten, written twice or never allocated is a bug that shows', async () => {
  await assert.rejects(
    pdfOf(({ file, addPage }) => {
      file.allocate();
      addPage();
    }),
    /was allocated and never written/,
  );
  const file = new PdfFile({ write: () => undefined }, facts);
  const ref = file.allocate();
  file.writeObject(ref, 'null');
  assert.throws(() => file.writeObject(ref, 'null'), /written twice/);
  assert.throws(() => file.writeObject(999 as Ref, 'null'), /not allocated/);
  await assert.rejects(file.finish(), /needs a page/);
});

const hostileTitles = [
  '',
  ') /Encrypt 1 0 R (',
  '\\)(\\',
  '</rdf:li> & <!-- ]]>',
  'line\nfeed\0and\u001b[31m',
  '\ud800 lone surrogate',
  '礼品卡 𠮷 \u202e gnp.exe',
  '?xpacket end="w"?>',
  'x'.repeat(20_000),
];

for (const title of hostileTitles) {
  test(`a title is only a title: ${JSON.stringify(title.slice(0, 30))}`, async () => {
    const bytes = await pdfOf(({ addPage }) => addPage(), { facts: { ...facts, title } });
    checkWithQpdf(bytes);
    const pdf = readPdf(bytes);
    const kept = title.toWellFormed().replace(/[\0-\u001f]/g, '\ufffd');
    assert.equal(pdf.dictionary(pdf.trailer['/Info'])['/Title'], `u:${kept}`);
    const packet = pdf.data(pdf.catalogue['/Metadata']).toString('utf8');
    const inXml = /<rdf:li xml:lang="x-default">([\s\S]*?)<\/rdf:li>/.exec(packet)![1]!;
    assert.equal(inXml.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'), kept);
  });
}

test('an id or a moment that is none is refused before a byte is written', () => {
  const sink = { write: () => assert.fail('a byte was written') };
  for (const documentId of ['', 'abc', 'g'.repeat(32), `${facts.documentId}0`])
    assert.throws(() => new PdfFile(sink, { ...facts, documentId }), RangeError);
  for (const createdAt of ['', '2026-11-24', '2026-11-24T09:30:00', 'Tue Nov 24 2026'])
    assert.throws(() => new PdfFile(sink, { ...facts, createdAt }), RangeError);
});

function writePages(file: PdfFile, count: number): void {
  const resources = file.allocate();
  file.writeObject(resources, '<<>>');
  const content = new Uint8Array(10_000).fill(0x20);
  for (let page = 0; page < count; page++)
    file.addPage({
      mediaBox: cardBox,
      trimBox: cardBox,
      bleedBox: cardBox,
      content,
      isDeflated: false,
      resources,
    });
}

test('a sink that throws stops the next page, and finish', async () => {
  const file = new PdfFile(
    {
      write() {
        throw new Error('disk full');
      },
    },
    facts,
  );
  assert.throws(() => writePages(file, 100), /disk full/);
  assert.throws(() => writePages(file, 1), /disk full/);
  await assert.rejects(file.finish(), /disk full/);
});

test('a sink that rejects stops whoever waits, the next page, and finish', async () => {
  const file = new PdfFile({ write: () => Promise.reject(new Error('disk full')) }, facts);
  writePages(file, 30);
  await assert.rejects(async () => file.waiting, /disk full/);
  assert.throws(() => writePages(file, 1), /disk full/);
  await assert.rejects(file.finish(), /disk full/);
});

test('a sink that rejects only at the end is not missed', async () => {
  const file = new PdfFile({ write: () => Promise.reject(new Error('disk full')) }, facts);
  writePages(file, 1);
  await assert.rejects(file.finish(), /disk full/);
});

test('a slow sink is asked for one chunk at a time, in order', async () => {
  const chunks: Uint8Array[] = [];
  let busy = 0;
  const file = new PdfFile(
    {
      async write(chunk) {
        assert.equal(++busy, 1);
        await new Promise((resolve) => setTimeout(resolve, 2));
        chunks.push(Buffer.from(chunk));
        busy--;
      },
    },
    facts,
  );
  writePages(file, 400);
  assert.ok(file.waiting);
  await file.waiting;
  assert.equal(file.waiting, undefined);
  const { bytes } = await file.finish();
  assert.ok(chunks.length > 10);
  assert.equal(Buffer.concat(chunks).length, bytes);
  checkWithQpdf(Buffer.concat(chunks));
});
