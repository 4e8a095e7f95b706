import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { sealOf } from '../../src/file/file-seal.ts';
import { writeWholeFile } from '../../src/file/whole-file.ts';
import {
  type ManifestFile,
  manifestText,
  parseManifest,
  type RunManifest,
} from '../../src/imposition/manifest.ts';
import { PlaceMap } from '../../src/imposition/place-map.ts';
import { filesOf, placeOf, planRun } from '../../src/imposition/plan.ts';
import { verifyManifest } from '../../src/imposition/verify.ts';
import { Refusal } from '../../src/refusal.ts';

const root = await mkdtemp(join(tmpdir(), 'manifest-'));
after(() => rm(root, { recursive: true }));
const hash = 'a'.repeat(64);
const recordNos = Array.from({ length: 53 }, (_, index) => index * 3 + 2);
const plan = planRun({ recordCount: recordNos.length, positions: 6, sheetsPerFile: 4 });

/** A remake of 53 records on sheets of 3 × 2, print and scratch in files of their own. */
async function writtenRun(): Promise<{ folder: string; path: string; manifest: RunManifest }> {
  const folder = await mkdtemp(join(root, 'run-'));
  const files: ManifestFile[] = [];
  for (const part of ['print', 'scratch']) {
    for (const { index, firstOrdinal, records, sheets, voids } of filesOf(plan)) {
      const name = `${part}-${index + 1}.pdf`;
      const seal = await writeWholeFile(join(folder, name), `${part} ${index}`);
      const nos = recordNos.slice(firstOrdinal, firstOrdinal + records);
      const bounds = { firstRecordNo: nos[0]!, lastRecordNo: nos.at(-1)! };
      files.push({ name, ...seal, fileNo: index + 1, part, sheets, records, voids, ...bounds });
    }
  }
  const map = await PlaceMap.open(join(folder, 'places.csv'), plan, 3);
  await map.add(recordNos.slice(0, 30));
  await map.add(Uint32Array.from(recordNos.slice(30)));
  const { voids, sheets } = plan;
  const manifest: RunManifest = {
    version: 1,
    kind: 'cardwright-print-run',
    status: 'complete',
    jobName: '补打 · "remake"',
    createdAt: '2026-11-24T09:00:00+08:00',
    dateText: '2026-11-24',
    layoutSha256: hash,
    pressSha256: hash,
    source: { sha256: hash, records: 53 },
    sheet: { columns: 3, rows: 2, sheetsPerFile: 4 },
    files,
    places: { name: 'places.csv', ...(await map.commit()) },
    totals: { records: 53, voids, sheets, files: files.length },
  };
  const path = join(folder, 'manifest.json');
  await writeWholeFile(path, manifestText(manifest));
  return { folder, path, manifest };
}

async function kindsAfter(
  change: (run: Awaited<ReturnType<typeof writtenRun>>) => Promise<unknown>,
): Promise<string[]> {
  const run = await writtenRun();
  await change(run);
  const problems = await verifyManifest(run.path);
  for (const { what, next } of problems) assert.ok(/\p{Script=Han}.* · /u.test(what) && next.includes(' · '));
  return problems.map(({ kind, file }) => (file === undefined ? kind : `${kind} ${file}`));
}
const rewritten = (change: (manifest: RunManifest) => RunManifest) =>
  kindsAfter(({ path, manifest }) => writeFile(path, manifestText(change(manifest))));
/** Changes the place map and seals it anew, as someone would who covers it up. */
const remapped = (change: (text: string) => string) =>
  kindsAfter(async ({ path, folder, manifest }) => {
    const csv = join(folder, 'places.csv');
    await writeFile(csv, change(await readFile(csv, 'utf8')));
    const places = { ...manifest.places!, ...(await sealOf(csv)) };
    await writeFile(path, manifestText({ ...manifest, places }));
  });

describe('run manifest', () => {
  it('reads back as it was written, one line a file', async () => {
    const { path, manifest } = await writtenRun();
    const text = await readFile(path, 'utf8');
    assert.deepEqual(parseManifest(text), manifest);
    assert.equal(text.split('\n').filter((line) => line.includes('.pdf')).length, manifest.files.length);
    assert.equal(manifestText({ ...manifest, files: [] }).includes('"files": []'), true);
  });

  it('finds nothing wrong with a whole run', async () => {
    assert.deepEqual(await verifyManifest((await writtenRun()).path), []);
  });

  it('maps every record to the place that the plan prints it at', async () => {
    const { folder } = await writtenRun();
    const lines = (await readFile(join(folder, 'places.csv'), 'utf8')).split('\r\n');
    assert.equal(lines.shift(), 'recordNo,file,sheet,row,column,stack,heightInStack');
    assert.equal(lines.pop(), '');
    const expected = recordNos.map((recordNo, ordinal) => {
      const { file, sheet, position } = placeOf(plan, ordinal);
      const cell = [Math.floor(position / 3) + 1, (position % 3) + 1, position + 1];
      return [recordNo, file + 1, sheet + 1, ...cell, sheet + 1].join(',');
    });
    assert.deepEqual(lines, expected);
  });

  it('says which file is gone, changed or cut short', async () => {
    assert.deepEqual(await kindsAfter(({ folder }) => unlink(join(folder, 'print-2.pdf'))), [
      'missing print-2.pdf',
    ]);
    assert.deepEqual(await kindsAfter(({ folder }) => writeFile(join(folder, 'print-1.pdf'), 'print 9')), [
      'changed print-1.pdf',
    ]);
    assert.deepEqual(await kindsAfter(({ folder }) => truncate(join(folder, 'scratch-3.pdf'), 3)), [
      'changed scratch-3.pdf',
    ]);
    assert.deepEqual(await kindsAfter(({ folder }) => truncate(join(folder, 'places.csv'), 300)), [
      'changed places.csv',
      'place places.csv',
    ]);
  });

  it('does not believe counts that do not balance', async () => {
    const first = (
      { files: [file, ...rest] }: RunManifest,
      change: Partial<ManifestFile>,
    ): ManifestFile[] => [{ ...file!, ...change }, ...rest];
    const cases: ((manifest: RunManifest) => Partial<RunManifest>)[] = [
      ({ totals }) => ({ totals: { ...totals, voids: totals.voids + 1 } }),
      ({ totals }) => ({ totals: { ...totals, records: totals.records + 1 } }),
      ({ totals }) => ({ totals: { ...totals, sheets: 1 } }),
      ({ source }) => ({ source: { ...source, records: 54 } }),
      ({ files }) => ({ files: files.slice(1) }),
      ({ files }) => ({ files: [files[0]!, ...files] }),
      (manifest) => ({ files: first(manifest, { records: 23, voids: 1 }) }),
      (manifest) => ({ files: first(manifest, { fileNo: 2 }) }),
      (manifest) => ({ files: first(manifest, { lastRecordNo: 9 }) }),
      (manifest) => ({ files: first(manifest, { lastRecordNo: 900 }) }),
    ];
    for (const change of cases) {
      const kinds = await rewritten((manifest) => ({ ...manifest, ...change(manifest) }));
      assert.ok(
        kinds.some((kind) => kind.startsWith('count')),
        String(change),
      );
    }
    assert.deepEqual(await rewritten((manifest) => ({ ...manifest, status: 'running' })), ['unfinished']);
  });

  it('finds a place map that is none, though its seal is right', async () => {
    const place = ['place places.csv'];
    assert.deepEqual(
      await remapped((text) => text.replace('\r\n5,1,2,1,1,1,2', '\r\n5,1,2,1,2,2,2')),
      place,
      'a place twice',
    );
    assert.deepEqual(await remapped((text) => text.replace('\r\n5,', '\r\n2,')), place, 'a record twice');
    assert.deepEqual(
      await remapped((text) => text.replace('\r\n5,', '\r\n05,')),
      place,
      'a number written otherwise',
    );
    assert.deepEqual(
      await remapped((text) => text.split('\r\n').slice(0, -2).join('\r\n')),
      place,
      'the last line gone',
    );
    assert.deepEqual(await remapped((text) => `${text}999,1,1,1,1,1,1\r\n`), place, 'a line too many');
    assert.deepEqual(await remapped((text) => text.replaceAll('\r\n', '\n')), place, 'other line ends');
    assert.deepEqual(
      await remapped((text) => text.replace('\r\n2,', '\r\n3,')),
      place,
      'not the first record of its file',
    );
    assert.deepEqual(await remapped(() => ''), place, 'nothing');
  });

  it('is not led out of its folder, and refuses what is no manifest', async () => {
    const { path, manifest } = await writtenRun();
    for (const name of ['../print-1.pdf', '/etc/hostname', 'a/b', '.hidden', 'a\\b', 'a\0b']) {
      const files = [{ ...manifest.files[0]!, name }];
      await writeFile(path, manifestText({ ...manifest, files }));
      await assert.rejects(
        verifyManifest(path),
        (error) => error instanceof Refusal && error.code === 'manifest-malformed',
      );
    }
    const wild = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify({ ...manifest, totals: value })),
    );
    fc.assert(
      fc.property(wild, (text) => {
        assert.throws(
          () => parseManifest(text),
          (error) => error instanceof Refusal && error.code === 'manifest-malformed',
        );
      }),
    );
  });

  it('takes neither more nor fewer records than the plan has, and leaves no map then', async () => {
    const path = join(root, 'uneven.csv');
    const map = await PlaceMap.open(path, plan, 3);
    await map.add(recordNos.slice(1));
    await assert.rejects(map.commit(), /52 records were placed of 53/);
    await assert.rejects(map.add([200, 201]), /more than 53/);
    await map.abort();
    await assert.rejects(sealOf(path), { code: 'ENOENT' });
  });
});
