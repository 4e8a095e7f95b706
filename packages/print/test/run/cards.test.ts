import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import type { Row } from '../../src/records/record.ts';
import { readPdf, valuesOf } from '../pdf/read-pdf.ts';
import { type GreyPage, renderers } from '../pdf/render.ts';
import {
  inNewFolder,
  onePage,
  type Printed,
  printed,
  recordsOf,
  type SamplePressName,
  sampleLayout,
  samplePress,
  sampleRecords,
} from './jobs.ts';
import { codesOn, drawnPages, gridOf, pagesByPoppler, textsByPoppler, textsOf } from './reading.ts';

const { columns } = sampleRecords(1);
/** Of GB 18030's levels 2 and 3 and beyond the basic plane, as they come in names (人名生僻字). */
const rare = [...'㛃䶮𠮷𫘧𬭊𪨶𰻝'];

function rowsFor(count: number): Row[] {
  return Array.from({ length: count }, (_, index) => {
    const no = String(index + 1).padStart(4, '0');
    const url = `https://example.invalid/card/620000000000${no}?k=test-only-${no}`;
    const name = `王${rare[index % rare.length]}${rare[(index >> 3) % rare.length]}`;
    return [`620000000000${no}`, `9876${no}5432${no}`, url, String((index % 9) + 1), name];
  });
}

const withoutSpaces = (text: string): string => text.replace(/\s+/g, '');

/** What a gift card says, the record's texts put in. Front and back have their lines in the order of the layout. */
function saysWhatItMust(pages: readonly string[], rows: readonly Row[]): void {
  assert.equal(pages.length, 2 * rows.length);
  const terms = String((sampleLayout('gift-card').back![1] as { value: string }).value);
  for (const [index, [cardNo, password, , parValue, name]] of rows.entries()) {
    assert.equal(withoutSpaces(pages[2 * index]!), `礼品卡GIFTCARD面值${parValue}元${name}`);
    const back = withoutSpaces(pages[2 * index + 1]!);
    const texts = [`卡号No.${cardNo}`, withoutSpaces(terms), password!];
    for (const text of texts)
      assert.equal(back.split(text).length, 2, `${text} once on the back of ${index + 1}`);
    assert.equal(back.length, texts.join('').length, `nothing else on the back of ${index + 1}`);
  }
}

/** The fonts that pages may name, by their names without the mark of a subset. */
function fontsOf(file: Buffer): string[] {
  const pdf = readPdf(file);
  for (const value of valuesOf(pdf))
    if (typeof value === 'string' && /^\d+ 0 R$/.test(value))
      assert.notEqual(pdf.resolve(value), null, value);
  const names = pdf.pages.flatMap((page) => {
    const fonts = pdf.dictionary(pdf.dictionary(page['/Resources'])['/Font']);
    return Object.values(fonts).map((font) =>
      String(pdf.dictionary(font)['/BaseFont']).slice('/ABCDEF+'.length),
    );
  });
  return [...new Set(names)].sort();
}

suite('a run of 1,000 cards, a card a page', () => {
  const rows = rowsFor(1000);
  let pdf: Buffer;
  before(async () => {
    const run = await printed({
      layout: sampleLayout('gift-card'),
      press: onePage(1000),
      records: recordsOf(columns, rows),
    });
    pdf = run.files.get('0001-print.pdf')!;
  });

  test('has each record’s address in its code', async () => {
    let index = 0;
    for (const page of drawnPages(pdf, 120, { first: 1, step: 2 })) {
      const codes = await codesOn(page, 'QRCode');
      assert.deepEqual(
        codes.map(({ text }) => text),
        [rows[index++]![2]],
      );
    }
    assert.equal(index, rows.length);
  });

  test('has each record’s texts, rare characters among them, on its page', () => {
    saysWhatItMust(textsOf(pdf), rows);
  });

  test('refers to nothing that is not there, and has no font that it does not use', async () => {
    assert.deepEqual(fontsOf(pdf), [
      'CardwrightRareHei-Regular',
      'JetBrainsMono-Regular',
      'NotoSansSC-Regular',
    ]);
    const common = recordsOf(
      columns,
      rows.slice(0, 3).map((row) => [...row.slice(0, -1), '张三']),
    );
    const run = await printed({ layout: sampleLayout('gift-card'), press: onePage(3), records: common });
    assert.deepEqual(fontsOf(run.files.get('0001-print.pdf')!), [
      'JetBrainsMono-Regular',
      'NotoSansSC-Regular',
    ]);
  });

  test('is the same to another reader of PDF', async () => {
    await inNewFolder(async (folder) => {
      const path = join(folder, 'a.pdf');
      await writeFile(path, pdf);
      saysWhatItMust(textsByPoppler(path, 100), rows.slice(0, 50));
      for (const [index, page] of pagesByPoppler(path, 150, ['-e', '-l', '100']).entries())
        assert.deepEqual(
          (await codesOn(page, 'QRCode')).map(({ text }) => text),
          [rows[index]![2]],
        );
    });
  });
});

/** Where the card of a front's place lies on the back, in rows and columns from the upper left of each side. */
const behind: Readonly<
  Record<string, (row: number, column: number, rows: number, columns: number) => [number, number]>
> = {
  'digital-sra3': (row, column, _, across) => [row, across - 1 - column],
  'offset-8x3': (row, column, down) => [down - 1 - row, column],
};

async function hasEachCodeInItsPlace(
  press: SamplePressName,
  run: Printed,
  rows: readonly Row[],
): Promise<void> {
  const { columns: across, rows: down } = samplePress(press).sheet!;
  let before = 0;
  for (const { name, sheets, records, part } of run.manifest.files) {
    if (part !== 'print') continue;
    let sheet = 0;
    for (const page of drawnPages(run.files.get(name)!, 120, { first: 1, step: 2 })) {
      const grid = gridOf(await codesOn(page, 'QRCode'), across, down);
      for (let position = 0; position < across * down; position++) {
        const [row, column] = behind[press]!(Math.floor(position / across), position % across, down, across);
        const inFile = position * sheets + sheet;
        const expected = inFile < records ? rows[before + inFile]![2] : undefined;
        assert.equal(
          grid[row]![column]?.text,
          expected,
          `${name}, sheet ${sheet + 1}, stack ${position + 1}`,
        );
      }
      sheet += 1;
    }
    assert.equal(sheet, sheets);
    before += records;
  }
  assert.equal(before, rows.length);
}

suite('a run of 1,000 cards on sheets', () => {
  const rows = rowsFor(1000);
  const records = recordsOf(columns, rows);

  test('has each code behind its front, stacks in order, VOID after the last', async () => {
    const press = samplePress('digital-sra3', { sheetsPerFile: 23 });
    const run = await printed({
      layout: sampleLayout('gift-card'),
      press,
      records: recordsOf(columns, rows.slice(0, 993)),
    });
    assert.deepEqual(
      run.manifest.files.map(({ records, voids, sheets }) => [records, voids, sheets]),
      [
        [460, 0, 23],
        [460, 0, 23],
        [73, 7, 4],
      ],
    );
    await hasEachCodeInItsPlace('digital-sra3', run, rows.slice(0, 993));
    const last = textsOf(run.files.get('0003-print.pdf')!);
    assert.equal(last.join('').match(/VOID/g)?.length, 2 * 7);
  });

  test('has its scratch panels in a file of their own, on a plate of their own', async () => {
    const run = await printed({
      layout: sampleLayout('gift-card'),
      press: samplePress('offset-8x3'),
      records,
    });
    await hasEachCodeInItsPlace('offset-8x3', run, rows);
    const [print, scratch] = ['0001-print.pdf', '0001-scratch.pdf'].map((name) =>
      readPdf(run.files.get(name)!),
    );
    const plate = '/Scratch 刮刮层';
    const platesOf = (pdf: typeof print): string[] =>
      [...pdf!.objects.values()].flatMap((value) =>
        Array.isArray(value) && value[0] === '/Separation' ? [String(value[1])] : [],
      );
    assert.deepEqual(platesOf(print), []);
    assert.ok(platesOf(scratch).includes(plate), String(platesOf(scratch)));
    assert.equal(scratch!.pages.length, print!.pages.length);
    const texts = textsOf(run.files.get('0001-scratch.pdf')!).join('');
    assert.equal(texts.match(/VOID/g)?.length, 2 * 8);
    assert.doesNotMatch(texts, /卡号|9876|62000000/);
  });
});

suite('Code 128 and Data Matrix of the code card', () => {
  const { rows } = sampleRecords();
  const readsBoth = async (pages: readonly GreyPage[], expected: readonly Row[]): Promise<void> => {
    assert.equal(pages.length, expected.length);
    for (const [index, page] of pages.entries())
      for (const format of ['Code128', 'DataMatrix'] as const)
        assert.deepEqual(
          (await codesOn(page, format)).map(({ text }) => text),
          [expected[index]![0]],
          format,
        );
  };

  for (const codes of ['mask', 'rectangles'])
    test(`can be read from pages of two renderers, drawn as ${codes}`, async () => {
      const press = samplePress('one-up-600dpi', { codes });
      const run = await printed({
        layout: sampleLayout('code-card'),
        press,
        records: recordsOf(columns, rows),
      });
      const pdf = run.files.get('0001-print.pdf')!;
      await readsBoth([...drawnPages(pdf, 200, { first: 1, step: 2 })], rows);
      const few = await printed({
        layout: sampleLayout('code-card'),
        press,
        records: recordsOf(columns, rows.slice(90)),
      });
      const pages = renderers
        .poppler(few.files.get('0001-print.pdf')!, 300)
        .filter((_, index) => index % 2 === 1);
      await readsBoth(pages, rows.slice(90));
    });
});
