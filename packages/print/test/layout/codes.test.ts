import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { compiledOf, drawn, layoutOf, refused } from './compiled.ts';
import { RecordingPen } from './recording-pen.ts';

const place = { type: 'code', value: '{t}', xMm: 60.17, yMm: 10.23 };
const kinds = [
  { ...place, symbology: 'qr', level: 'M', sizeMm: 18.1 },
  { ...place, symbology: 'datamatrix', sizeMm: 12.3 },
  { ...place, symbology: 'code128', xMm: 5.05, widthMm: 60.7, heightMm: 11.9 },
];
const url = 'https://example.invalid/card/6200000000000001?k=test-only-01';
const bleedPt = (1.5 * 72) / 25.4;

suite('codes', () => {
  for (const kind of kinds)
    for (const dotsPerInch of [300, 600])
      test(`${kind.symbology} at ${dotsPerInch} dpi: every module edge is on the press’s dots, quiet zone in the box`, () => {
        const layout = layoutOf([kind]);
        const value = kind.symbology === 'qr' ? url : '62000000000001';
        for (const offset of [0, bleedPt]) {
          const [code] = drawn(layout, [value], { dotsPerInch, gridOffsetPt: [offset, offset] }).codes;
          assert.ok(code !== undefined);
          const dots = (points: number) => (points * dotsPerInch) / 72;
          for (const edge of [code.x + offset, code.y + offset, code.moduleWidthPt, code.moduleHeightPt])
            assert.ok(Math.abs(dots(edge) - Math.round(dots(edge))) < 1e-6, `${dots(edge)} dots`);
          assert.ok(dots(code.moduleWidthPt) >= 4 - 1e-9);
          const boxMm = 'sizeMm' in kind ? { widthMm: kind.sizeMm, heightMm: kind.sizeMm } : kind;
          const quietX = code.quiet * code.moduleWidthPt;
          const quietY = code.height === 1 ? 0 : quietX;
          assertInside(
            code.x - quietX,
            code.x + code.width * code.moduleWidthPt + quietX,
            kind.xMm,
            boxMm.widthMm as number,
            72 / dotsPerInch,
          );
          const lowMm = 53.98 - kind.yMm - (boxMm.heightMm as number);
          assertInside(
            code.y - quietY,
            code.y + code.height * code.moduleHeightPt + quietY,
            lowMm,
            boxMm.heightMm as number,
            72 / dotsPerInch,
          );
        }
      });

  test('are as large as their box allows', () => {
    const sizes = [14, 18, 21].map((sizeMm) => {
      const [code] = drawn(layoutOf([{ ...kinds[0], sizeMm }]), [url]).codes;
      return Math.round(((code?.moduleWidthPt ?? 0) * 600) / 72);
    });
    assert.deepEqual(sizes, [8, 10, 12]);
  });

  test('too small for the press are refused with record, figures and what is needed', () => {
    const layout = layoutOf([{ ...kinds[0], sizeMm: 13 }]);
    const tooSmall = refused('code-too-small', /record 7: front\[0\]: .*4 dots at 300 dpi need 13\.89 mm/);
    assert.throws(() => drawn(layout, [url], { dotsPerInch: 300 }), tooSmall);
    assert.ok(drawn(layout, [url], { dotsPerInch: 600 }).codes.length === 1);
    assert.throws(
      () => drawn(layout, [url], { dotsPerInch: 600, minDotsPerModule: 8 }),
      refused('code-too-small', /8 dots at 600 dpi/),
    );
  });

  test('refuse what they cannot carry with record and element, and never repeat it', () => {
    assert.throws(
      () => drawn(layoutOf([kinds[2] as object]), ['卡号']),
      (error: Error) => {
        assert.match(error.message, /code-character-unsupported: record 7: front\[0\]/);
        return !error.message.includes('卡号');
      },
    );
    assert.throws(() => drawn(layoutOf([kinds[0] as object]), ['']), refused('code-empty', /record 7/));
  });

  test('of all lengths have one size where the smallest version says so', () => {
    const face = compiledOf(layoutOf([{ ...kinds[0], minVersion: 4 }])).face('front');
    const pen = new RecordingPen();
    for (const value of ['1', url.slice(0, 30), url]) face.drawVariable(pen, [value], 1);
    assert.deepEqual(new Set(pen.codes.map(({ width }) => width)), new Set([33]));
  });

  test('that never change are drawn once, and checked when compiled', () => {
    const fixed = { ...kinds[0], value: 'https://example.invalid/' };
    assert.equal(compiledOf(layoutOf([fixed])).face('front').hasVariable, false);
    assert.throws(
      () => compiledOf(layoutOf([{ ...fixed, sizeMm: 5 }])),
      refused('code-too-small', /front\[0\]/),
    );
  });

  function assertInside(from: number, to: number, startMm: number, lengthMm: number, dotPt: number): void {
    const start = (startMm * 72) / 25.4;
    const end = start + (lengthMm * 72) / 25.4;
    assert.ok(
      from > start - dotPt / 2 - 1e-6 && to < end + dotPt / 2 + 1e-6,
      `${from}–${to} in ${start}–${end}`,
    );
    assert.ok(Math.abs(from + to - start - end) <= dotPt + 1e-6, 'in the middle to the nearest dot');
  }
});
