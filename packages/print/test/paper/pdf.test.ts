import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Bitmap } from '../../src/paper/bitmap.ts';
import { bundledPaperFonts } from '../../src/paper/paper-fonts.ts';
import { renderPaper } from '../../src/paper/render.ts';
import { type PaperKind, paperSchemas } from '../../src/paper/schema.ts';
import { Refusal } from '../../src/refusal.ts';
import { decode } from './decode.ts';
import { packingListOf, sample } from './samples.ts';
import { readLabel } from './zpl-reader.ts';

const kinds = Object.keys(paperSchemas) as PaperKind[];
const fonts = bundledPaperFonts();
const createdAt = '2026-11-24T08:00:00+08:00';
const folder = mkdtempSync(join(tmpdir(), 'cardwright-paper-'));
after(() => rmSync(folder, { recursive: true }));

async function pdfFile(kind: PaperKind, data: unknown, name: string = kind): Promise<string> {
  const path = join(folder, `${name}.pdf`);
  writeFileSync(path, await renderPaper(kind, data, { format: 'pdf', fonts, createdAt }));
  return path;
}

const textOf = (path: string): string =>
  execFileSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' });

/** Without white space, since columns and line breaks are the layout's. */
const squeezed = (text: string): string => text.replaceAll(/\s/gu, '');

/** A page as poppler's dots: a PBM file has 1 for black, rows padded to bytes, as our bitmaps. */
function dotsOf(path: string, dotsPerInch: number): Bitmap {
  const stem = join(folder, 'page');
  execFileSync('pdftoppm', ['-r', String(dotsPerInch), '-mono', '-f', '1', '-singlefile', path, stem]);
  const file = readFileSync(`${stem}.pbm`);
  const [head] = /^P4\s(?:#.*\n)?(\d+)\s(\d+)\s/u.exec(file.subarray(0, 200).toString('latin1'))!;
  const [widthDots, heightDots] = /(\d+)\s(\d+)\s$/u.exec(head)!.slice(1).map(Number) as [number, number];
  return {
    widthDots,
    heightDots,
    rowBytes: Math.ceil(widthDots / 8),
    bits: new Uint8Array(file.subarray(head.length)),
  };
}

/** What must be readable on the paper of each sample, card numbers and people masked. */
const shown: Readonly<Record<PaperKind, readonly string[]>> = {
  'bundle-label': [
    '扎标签',
    '121/200',
    '中秋礼品卡·蓝色版',
    '100.00元',
    '629900******2001',
    '629900******2100',
    'Z-20261124-0121',
  ],
  'box-label': [
    '盒标签',
    '25/40',
    'HJ20261124000172',
    'T-1024',
    '500',
    '5扎bundles',
    '629900******2500',
    'X-20261124-0025',
  ],
  'carton-label': ['箱标签', '3/4', '5,000', '10盒boxes', '629900******0001', '防潮·轻放', '示例制卡厂'],
  waybill: [
    '欧阳**',
    '138******00',
    '示例路100号样板花园3号楼***',
    '示例**厂有限公司',
    '571A-021-08',
    'SX1000000000123',
    '8.4kg',
  ],
  'packing-list': [
    '装箱单',
    '欧阳**',
    '138******00',
    '箱Carton1/2',
    'X-20261124-0003',
    '629900******0300',
    '1,300',
    '第1页共1页',
  ],
  'hand-over': ['交接单', '张示例', '李样板', 'F0082', '签名Signature', '二号仓库3号门'],
  certificate: [
    '订单证明',
    'ZM-HJ20261124000172-1',
    '994',
    '4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce',
    '418',
  ],
};
const secret = ['6299000000012001', '6299000000010001', '13800000000', '501室', '2单元', '欧阳示例'];
const codes: Readonly<Partial<Record<PaperKind, string>>> = {
  'bundle-label': 'Z-20261124-0121',
  'box-label': 'X-20261124-0025',
  'carton-label': 'C-20261124-0003',
  waybill: 'SX1000000000123',
  'hand-over': 'JJ-20261124-07',
  certificate: 'ZM-HJ20261124000172-1',
};

for (const kind of kinds)
  test(`${kind}: text and codes are read back, fonts are embedded, nothing masked is inside`, async () => {
    const path = await pdfFile(kind, sample(kind));
    execFileSync('qpdf', ['--check', path]);
    const text = squeezed(textOf(path));
    for (const part of shown[kind]) assert.ok(text.includes(part), `${part} in ${text}`);
    for (const part of secret) assert.ok(!text.includes(part), `${part} is shown`);
    const rows = execFileSync('pdffonts', [path], { encoding: 'utf8' }).trim().split('\n').slice(2);
    assert.ok(rows.length > 0);
    for (const row of rows) assert.match(row, /yes\s+yes\s+yes\s+\d+\s+\d+\s*$/u);
    if (codes[kind] !== undefined) assert.deepEqual(await decode(dotsOf(path, 203.2)), [codes[kind]]);
  });

test('rare characters of names come back as they were', async () => {
  const name = '𠮷䶮㛃';
  const sheet = { ...sample('hand-over'), to: { name, unit: '成品库' } };
  assert.ok(squeezed(textOf(await pdfFile('hand-over', sheet, 'rare'))).includes(name));
});

test('a packing list of 500 cartons: heads and numbers on every page, all boxes in order, no carton parted from its first box', async () => {
  const pages = textOf(await pdfFile('packing-list', packingListOf(500, 4), 'large'))
    .split('\f')
    .slice(0, -1);
  assert.ok(pages.length > 40);
  for (const [index, page] of pages.entries()) {
    assert.match(page, /盒号|卡种合计/u);
    assert.ok(squeezed(page).includes(`第${index + 1}页共${pages.length}页`));
    const marks = [...page.matchAll(/箱 Carton|X-\d{4}|第 /gu)].map(([mark]) => mark);
    for (const [at, mark] of marks.entries())
      if (mark === '箱 Carton') assert.match(marks[at + 1]!, /^X-/u, `page ${index + 1}`);
  }
  const boxes = [...pages.join('').matchAll(/X-(\d{4})/gu)].map(([, no]) => Number(no));
  assert.deepEqual(
    boxes,
    Array.from({ length: 2_000 }, (_, index) => index + 1),
  );
  assert.ok(squeezed(pages.at(-1)!).includes('1,000,000'));
});

test('the dots that we send to a printer are those that poppler makes of the PDF', async () => {
  const path = await pdfFile('box-label', sample('box-label'));
  const theirs = dotsOf(path, 203.2);
  const zpl = await renderPaper('box-label', sample('box-label'), {
    format: 'zpl',
    codes: 'bitmap',
    fonts,
    createdAt,
  });
  const ours = readLabel(Buffer.from(zpl).toString('utf8')).bitmap;
  const isBlack = ({ bits, rowBytes }: Bitmap, x: number, y: number): boolean =>
    ((bits[y * rowBytes + (x >> 3)]! << (x & 7)) & 0x80) !== 0;
  const near = (bitmap: Bitmap, x: number, y: number): boolean => {
    for (let dy = -1; dy <= 1; dy++)
      for (let dx = -1; dx <= 1; dx++) if (isBlack(bitmap, x + dx, y + dy)) return true;
    return false;
  };
  let black = 0;
  let stray = 0;
  for (let y = 1; y < ours.heightDots - 1; y++)
    for (let x = 1; x < ours.widthDots - 1; x++)
      for (const [one, other] of [
        [ours, theirs],
        [theirs, ours],
      ] as const)
        if (isBlack(one, x, y)) {
          black += 1;
          if (!near(other, x, y)) stray += 1;
        }
  assert.ok(black > 50_000);
  assert.ok(stray / black < 0.002, `${stray} of ${black} dots have no neighbour in the other picture`);
});

test('several labels make one file, in their order, the same bytes each time', async () => {
  const labels = [1, 2, 3].map((number) => ({ ...sample('box-label'), number, containerId: `X-${number}` }));
  const options = { format: 'pdf', fonts, createdAt } as const;
  const [one, two] = [
    await renderPaper('box-label', labels, options),
    await renderPaper('box-label', labels, options),
  ];
  assert.deepEqual(one, two);
  const pages = textOf(await pdfFile('box-label', labels, 'labels'))
    .split('\f')
    .slice(0, -1);
  assert.deepEqual(
    pages.map((page) => /X-\d/u.exec(page)?.[0]),
    ['X-1', 'X-2', 'X-3'],
  );
});

test('what cannot be made is refused: A4 as ZPL, nothing at all, the second label of a list by its number', async () => {
  const options = { fonts, createdAt } as const;
  const refuses = (code: string, recordNo?: number) => (error: unknown) => {
    assert.ok(error instanceof Refusal);
    assert.deepEqual([error.code, error.place.recordNo], [code, recordNo]);
    return true;
  };
  const { format } = { format: 'zpl' } as const;
  await assert.rejects(
    renderPaper('certificate', sample('certificate'), { ...options, format }),
    refuses('paper-format-unsupported'),
  );
  await assert.rejects(renderPaper('waybill', [], { ...options, format }), refuses('paper-malformed'));
  const labels = [sample('box-label'), { ...sample('box-label'), count: 0 }];
  await assert.rejects(
    renderPaper('box-label', labels, { ...options, format: 'pdf' }),
    refuses('paper-malformed', 2),
  );
});
