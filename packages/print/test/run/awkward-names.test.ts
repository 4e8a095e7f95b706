import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyManifest } from '../../src/imposition/verify.ts';
import { parseLayout } from '../../src/layout/parse.ts';
import { Refusal } from '../../src/refusal.ts';
import { printRun } from '../../src/run/print-run.ts';
import { inNewFolder, jobOf, recordsOf, samplePress, sansOnly } from './jobs.ts';

/** Names that every object has, and signs that PDF, XML and shells take for their own. */
const objectNames = ['__proto__', 'constructor', 'toString'];
const syntax = ')>>endobj 9 0 obj<</S/JavaScript>>(\\';
const markup = '</rdf:li>&amp;<x/>]]>"\'';

const box = { widthMm: 20, heightMm: 6 };
const layout = parseLayout({
  version: 1,
  name: markup,
  card: { widthMm: 85.6, heightMm: 53.98 },
  fields: Object.fromEntries(objectNames.map((name) => [name, { secret: name === 'constructor' }])),
  spots: [...objectNames, syntax].map((name) => ({ name, cmyk: [0, 0, 0, 0.5] })),
  artworks: Object.fromEntries(objectNames.map((name) => [name, { file: 'background.jpg' }])),
  front: objectNames.flatMap((name, index) => {
    const [xMm, yMm] = [5 + 25 * index, 5 + 10 * index];
    return [
      { type: 'image', artwork: name, xMm, yMm: yMm + 10, ...box },
      { type: 'text', name, value: `{${name}}`, font: name, sizePt: 8, xMm, yMm, ...box },
      { type: 'panel', spot: index === 0 ? syntax : name, layer: name, xMm, yMm, ...box },
    ];
  }),
});
const rows = Array.from({ length: 5 }, (_, index) =>
  objectNames.map((_name, column) => `${index}.${column}`),
);
const press = samplePress('one-up-600dpi', {
  separateLayers: ['constructor', 'toString'],
  outputIntent: { profile: 'press.icc', condition: syntax },
});

const parts = (jobName: string, folder: string) => {
  const { artworks: [background] = [], ...job } = jobOf({
    ...{ layout, press, folder, jobName },
    records: recordsOf(objectNames, rows),
    ...sansOnly,
    fontChains: Object.fromEntries(objectNames.map((name) => [name, ['sans']])),
  });
  return { ...job, artworks: objectNames.map((name) => ({ name, bytes: background!.bytes })) };
};

for (const threads of [0, 2])
  test(`names that mean something elsewhere are only names here, with ${threads} threads`, () =>
    inNewFolder(async (folder) => {
      const jobName = `${syntax}${markup}`;
      const { manifest, manifestPath } = await printRun(parts(jobName, folder), { threads });
      assert.deepEqual(await verifyManifest(manifestPath), []);
      assert.deepEqual(
        manifest.files.map(({ name }) => name),
        ['0001-print.pdf', '0001-constructor.pdf', '0001-toString.pdf'],
      );
      for (const { name } of manifest.files) {
        execFileSync('qpdf', ['--check', join(folder, name)]);
        const info = execFileSync('pdfinfo', [join(folder, name)], { encoding: 'utf8' });
        assert.ok(info.includes(`Title:           ${jobName}\n`), info);
      }
      const texts = execFileSync('pdftotext', [join(folder, '0001-print.pdf'), '-'], { encoding: 'utf8' });
      assert.deepEqual(
        texts
          .split(/\s+/)
          .filter((text) => text !== '')
          .sort(),
        rows.flat().sort(),
      );
    }));

test('a job name that a title, slug or manifest cannot hold is refused before anything is written', () =>
  inNewFolder(async (folder) => {
    for (const jobName of ['', ' ', 'x'.repeat(201), 'two\nlines', 'a\u202eb', 'a\ud800b', 'a\u0007b'])
      await assert.rejects(
        printRun(parts(jobName, folder)),
        (error) => error instanceof Refusal && error.code === 'job-name-unusable',
        JSON.stringify(jobName),
      );
    assert.deepEqual(await readdir(folder), []);
  }));
