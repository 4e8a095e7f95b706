import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundledPaperFonts } from '../../src/paper/paper-fonts.ts';
import { renderPaper } from '../../src/paper/render.ts';
import type { PaperKind } from '../../src/paper/schema.ts';
import { sample } from './samples.ts';

const fonts = bundledPaperFonts();
const createdAt = '2026-11-24T08:00:00+08:00';

/** Papers that say the same, of data whose hidden parts differ. */
const pairs: readonly (readonly [PaperKind, Record<string, unknown>, Record<string, unknown>])[] = [
  ['box-label', { firstCardNo: '6299001111115001' }, { firstCardNo: '6299002222225001' }],
  ['bundle-label', { lastCardNo: '6299001111115001' }, { lastCardNo: '6299002222225001' }],
  [
    'waybill',
    { receiver: { name: '李小明', phone: '13812345678', address: '杭州市文三路 90 号 5 幢 2 单元 501 室' } },
    { receiver: { name: '李大红', phone: '13887654378', address: '杭州市文三路 90 号 5 幢 3 单元 1204 室' } },
  ],
];

test('what a paper hides leaves no trace in its file: not in a text, not in an id that is a hash of it', async () => {
  for (const [kind, one, other] of pairs) {
    for (const format of ['pdf', 'zpl'] as const) {
      const render = (part: object) =>
        renderPaper(kind, { ...sample(kind), ...part }, { format, fonts, createdAt });
      assert.ok(Buffer.from(await render(one)).equals(await render(other)), `${kind} as ${format}`);
    }
  }
});

test('papers that say something else have another id', async () => {
  const idOf = async (part: object): Promise<string> => {
    const data = { ...sample('box-label'), ...part };
    const pdf = await renderPaper('box-label', data, { format: 'pdf', fonts, createdAt });
    return /\/ID\[<([0-9A-F]{32})>/.exec(Buffer.from(pdf).toString('latin1'))![1]!;
  };
  const ids = await Promise.all([{}, { number: 1 }, { count: 499 }, { remark: '加急' }].map(idOf));
  assert.equal(new Set(ids).size, ids.length);
});
