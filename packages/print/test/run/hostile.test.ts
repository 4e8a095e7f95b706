import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { verifyManifest } from '../../src/imposition/verify.ts';
import { openRecords } from '../../src/records/open.ts';
import type { RecordSource, Row } from '../../src/records/record.ts';
import { Refusal, type RefusalCode, type RefusalPlace } from '../../src/refusal.ts';
import { type PrintJob, printRun } from '../../src/run/print-run.ts';
import { chunk, encodePng, headerChunk, pngOf } from '../image/sample-png.ts';
import {
  inNewFolder,
  jobOf,
  onePage,
  printed,
  recordsOf,
  sampleLayout,
  samplePress,
  sampleRecords,
} from './jobs.ts';
import { codesOn, drawnPages, textsOf } from './reading.ts';

const { columns, rows } = sampleRecords();
/** In every secret field of the records below: no message may repeat it. */
const canary = '7777333399995555';
const at = (column: string): number => columns.indexOf(column);

/** The sample's records, as many as are asked for, some of their cells replaced: record number, column, text. */
function rowsWith(count: number, ...cells: readonly (readonly [number, string, string])[]): Row[] {
  const all = Array.from({ length: count }, (_, index) => {
    const row = [...rows[index % rows.length]!];
    row[at('password')] = canary;
    row[at('qr_url')] = `https://example.invalid/?k=${canary}`;
    return row;
  });
  for (const [recordNo, column, text] of cells) all[recordNo - 1]![at(column)] = text;
  return all;
}

type Parts = Omit<PrintJob, 'folder' | 'records'> & { readonly records: RecordSource };
const usual = { layout: sampleLayout('gift-card'), press: onePage(100_000) };

interface Expected {
  readonly code: RefusalCode;
  readonly place?: RefusalPlace;
  readonly detail?: RegExp;
}

/** Asserts the refusal with and without threads, that nothing is left of any file, and that no secret is in a message. */
async function refuses(parts: Pick<Parts, 'records'> & Partial<Parts>, expected: Expected): Promise<void> {
  const messages: string[] = [];
  for (const threads of [0, 2])
    await inNewFolder(async (folder) => {
      const job = jobOf({ ...usual, ...parts, folder });
      await assert.rejects(printRun(job, { threads }), (error: unknown) => {
        assert.ok(error instanceof Refusal, String(error));
        assert.equal(error.code, expected.code, error.message);
        assert.match(error.detail, expected.detail ?? /./);
        const { file: _, ...place } = error.place;
        assert.deepEqual(place, { ...place, ...expected.place }, error.message);
        assert.equal(place.recordNo, expected.place?.recordNo, error.message);
        assert.ok(
          !error.message.includes(canary) && !error.message.includes(canary.slice(0, 6)),
          error.message,
        );
        messages.push(error.message);
        return true;
      });
      assert.deepEqual(await readdir(folder), []);
    });
  assert.equal(messages[0], messages[1]);
}

async function refusesRecord(cell: readonly [number, string, string], expected: Expected): Promise<void> {
  const [recordNo] = cell;
  const records = recordsOf(columns, rowsWith(40, cell));
  await refuses({ records }, { ...expected, place: { recordNo, ...expected.place } });
}

suite('a hostile record is refused by its number', () => {
  const unsafe = {
    bell: '\u0007',
    'line feed': '\n',
    'bidi override': '\u202e',
    'zero width joiner': '\u200d',
  };
  for (const [name, character] of Object.entries(unsafe))
    test(`with a ${name} in a file`, async () => {
      await inNewFolder(async (folder) => {
        const lines = rowsWith(40, [17, 'name', `张${character}三`]).map((row) =>
          JSON.stringify(Object.fromEntries(columns.map((column, index) => [column, row[index]]))),
        );
        await writeFile(join(folder, 'a.jsonl'), `${lines.join('\n')}\n`);
        const records = await openRecords(join(folder, 'a.jsonl'));
        await refuses(
          { records },
          { code: 'record-text-unsafe', place: { recordNo: 17, at: 'name' }, detail: /U\+/ },
        );
      });
    });

  for (const [name, character] of Object.entries({
    ...unsafe,
    'carriage return': '\r',
    'lone surrogate': '\ud842',
  }))
    test(`with a ${name} from a source of the caller’s own`, () =>
      refusesRecord([17, 'name', `张${character}三`], { code: 'record-text-unsafe', place: { at: 'name' } }));

  test('with an unsafe secret, which is not repeated', () =>
    refusesRecord([9, 'password', `${canary}\u202e`], {
      code: 'record-text-unsafe',
      place: { at: 'password' },
    }));

  test('with a field too few or too many from a source of the caller’s own', async () => {
    const few = rowsWith(40);
    few[20] = few[20]!.slice(1);
    few[21] = [...few[21]!, 'x'];
    await refuses(
      { records: recordsOf(columns, few) },
      { code: 'record-fields-uneven', place: { recordNo: 21 } },
    );
  });

  test('with a name of 10,000 characters', async () => {
    await refusesRecord([3, 'name', '王'.repeat(10_000)], { code: 'record-text-too-long', place: {} });
    await inNewFolder(async (folder) => {
      const lines = [columns, ...rowsWith(5, [3, 'name', '王'.repeat(10_000)])].map((row) => row.join(','));
      await writeFile(join(folder, 'a.csv'), `${lines.join('\r\n')}\r\n`);
      const records = await openRecords(join(folder, 'a.csv'));
      await refuses({ records }, { code: 'record-text-too-long', place: { recordNo: 3, at: 'name' } });
    });
  });

  test('with a text that is too wide at the smallest size', () =>
    refusesRecord([40, 'name', '王小明'.repeat(10)], {
      code: 'record-text-too-long',
      detail: /\d mm.*\d mm/,
    }));

  test('with a character that no typeface has, which is named', () =>
    refusesRecord([33, 'name', '张ꀀ'], { code: 'text-glyph-missing', detail: /U\+A000/ }));

  test('with a password of another length or alphabet', async () => {
    await refusesRecord([2, 'password', canary.slice(1)], { code: 'password-unfit' });
    await refusesRecord([2, 'password', `${canary.slice(1)}x`], { code: 'password-unfit' });
  });

  test('with a code too long for its place, or for any symbol', async () => {
    await refusesRecord([5, 'qr_url', canary + 'x'.repeat(1_500)], { code: 'code-too-small' });
    await refusesRecord([5, 'qr_url', canary + 'x'.repeat(3_000)], { code: 'code-too-long' });
    await refusesRecord([5, 'qr_url', ''], { code: 'code-empty' });
  });

  test('on sheets too, where nothing is left of either file', () =>
    refuses(
      { records: recordsOf(columns, rowsWith(40, [33, 'name', '张ꀀ'])), press: samplePress('offset-8x3') },
      { code: 'text-glyph-missing', place: { recordNo: 33 } },
    ));
});

test('a formula is only text to a card', async () => {
  const formula = '=HYPERLINK("x")';
  const run = await printed({ ...usual, records: recordsOf(columns, rowsWith(1, [1, 'name', formula])) });
  assert.ok(textsOf(run.files.get('0001-print.pdf')!).join('').includes(formula));
});

test('of several wrong records the first is told, whichever thread is faster', async () => {
  const wrong = [1_900, 1_901, 2_500, 2_999].map((recordNo) => [recordNo, 'name', '张ꀀ'] as const);
  for (const threads of [1, 3])
    await inNewFolder(async (folder) => {
      const job = jobOf({ ...usual, records: recordsOf(columns, rowsWith(3_000, ...wrong)), folder });
      const told = await printRun(job, { threads }).catch((error: unknown) => error);
      assert.ok(told instanceof Refusal);
      assert.deepEqual([told.code, told.place.recordNo], ['text-glyph-missing', 1_900]);
      assert.deepEqual(await readdir(folder), []);
    });
});

test('files before the wrong record’s are whole and listed; nothing of its own is there', async () => {
  await inNewFolder(async (folder) => {
    const records = recordsOf(columns, rowsWith(50, [35, 'name', '张ꀀ']));
    const job = jobOf({ ...usual, press: onePage(10), records, folder });
    await assert.rejects(printRun(job), Refusal);
    const whole = ['0001-print.pdf', '0002-print.pdf', '0003-print.pdf'];
    assert.deepEqual((await readdir(folder)).sort(), [...whole, 'manifest.json']);
    const problems = await verifyManifest(join(folder, 'manifest.json'));
    assert.deepEqual(
      problems.map(({ kind }) => kind),
      ['unfinished'],
    );
  });
});

suite('hostile pictures and fonts are refused by name', () => {
  const records = recordsOf(columns, rowsWith(3));
  const jpeg = readFileSync(new URL('../../samples/layouts/background.jpg', import.meta.url));
  const png = encodePng({ width: 100, height: 60, colourType: 0, bitDepth: 8, sample: (x) => x });
  const bomb = pngOf([
    headerChunk({ width: 60_000, height: 60_000, colourType: 0, bitDepth: 1 }),
    chunk('IDAT', Buffer.alloc(100)),
  ]);
  const pictures: Record<string, readonly [Buffer, RefusalCode]> = {
    'a JPEG cut in its middle': [jpeg.subarray(0, jpeg.length / 2), 'artwork-damaged'],
    'a JPEG cut at its end': [jpeg.subarray(0, -2), 'artwork-damaged'],
    'a PNG cut in its middle': [png.subarray(0, png.length / 2), 'artwork-damaged'],
    'a bomb of 3,600 million pixels': [bomb, 'artwork-too-large'],
    'no picture': [Buffer.from('<svg/>'), 'artwork-not-picture'],
    nothing: [Buffer.alloc(0), 'artwork-not-picture'],
  };
  for (const [name, [bytes, code]] of Object.entries(pictures))
    test(name, () =>
      refuses({ records, artworks: [{ name: 'background', bytes }] }, { code, place: { at: 'background' } }),
    );

  const fonts = jobOf({ ...usual, records, folder: '' }).fonts;
  const fontFiles: Record<string, Uint8Array> = {
    'a font that is a picture': jpeg,
    'a font of zeros': new Uint8Array(4096),
    'a font that is cut': fonts[0]!.bytes.slice(0, 5_000),
    'no font': new Uint8Array(0),
  };
  for (const [name, bytes] of Object.entries(fontFiles))
    test(name, () =>
      refuses(
        { records, fonts: fonts.map((font) => (font.name === 'sans' ? { ...font, bytes } : font)) },
        { code: 'font-unreadable', place: { at: 'font sans' } },
      ),
    );

  test('a profile of the press that is none', () =>
    refuses({ records, outputProfile: Buffer.from('profile') }, { code: 'output-profile-unusable' }));

  test('a picture that is not there', () =>
    refuses({ records, artworks: [] }, { code: 'layout-artwork-missing' }));
});

suite('what is hostile at first sight and yet right', () => {
  test('prints: quotes, brackets, backslashes and the delimiters of PDF', async () => {
    const name = ')(\\<</Name>>]%';
    const url = `https://example.invalid/?q=%29%28\\)(<>&"'`;
    const run = await printed({
      ...usual,
      records: recordsOf(columns, rowsWith(1, [1, 'name', name], [1, 'qr_url', url])),
    });
    const pdf = run.files.get('0001-print.pdf')!;
    assert.ok(textsOf(pdf)[0]!.includes(name));
    const [back] = [...drawnPages(pdf, 150, { first: 1 })];
    assert.deepEqual(
      (await codesOn(back!, 'QRCode')).map(({ text }) => text),
      [url],
    );
  });
});
