import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { layoutWarnings } from '../../src/layout/warning.ts';
import { compiledOf, drawn, fonts, layoutOf, ptPerMm, refused } from './compiled.ts';
import { squareTypeface } from './square-typeface.ts';

const spots = [{ name: 'Scratch', cmyk: [0, 0, 0, 0.6] }];
const password = { type: 'password', value: '{p}', xMm: 10, yMm: 30, widthMm: 50, heightMm: 5, sizePt: 10 };
const panel = { type: 'panel', spot: 'Scratch', xMm: 9.5, yMm: 29.5, widthMm: 51, heightMm: 6 };
const warningsOf = (front: readonly object[], more: object = {}) =>
  compiledOf(layoutOf(front, { spots, ...more })).warnings.map(
    ({ code, at, detail }) => `${code} ${at} ${detail}`,
  );

suite('a password', () => {
  const grouped = layoutOf([{ ...password, length: 16, group: 4, gap: 1, align: 'center' }]);

  test('stands in groups with a gap, as wide for every card', () => {
    const places = ['8888888888888888', '1234567890123456'].map((value) => drawn(grouped, [value]).texts);
    assert.deepEqual(
      places[1]?.map(({ text }) => text),
      ['1234', '5678', '9012', '3456'],
    );
    assert.deepEqual(
      places[0]?.map(({ x, y }) => [x, y]),
      places[1]?.map(({ x, y }) => [x, y]),
    );
    // 16 digits of 5 pt and 3 gaps of 10 pt in the middle of 50 mm.
    const start = 10 * ptPerMm + (50 * ptPerMm - 110) / 2;
    for (const [index, { x }] of (places[0] ?? []).entries())
      assert.ok(Math.abs(x - start - index * 30) < 1e-6);
  });

  test('of another length or alphabet is refused by position, and never repeated', () => {
    assert.throws(
      () => drawn(grouped, ['123456789012345']),
      refused('password-unfit', /record 7.*15 characters instead of 16/),
    );
    assert.throws(
      () => drawn(grouped, ['12345678901234A6']),
      (error: Error) => {
        assert.match(
          error.message,
          /password-unfit: record 7: front\[0\]: character 15 is not of the alphabet/,
        );
        return !/A6|1234/.test(error.message);
      },
    );
    assert.throws(() => drawn(layoutOf([password]), ['']), refused('password-unfit', /0 characters/));
  });

  test('needs a typeface in which its alphabet is of one width', () => {
    const uneven = squareTypeface('uneven', { advance: (codePoint) => (codePoint === 0x31 ? 400 : 500) });
    const poor = squareTypeface('poor', { has: (codePoint) => codePoint !== 0x37 });
    const compile = (typeface: typeof uneven) => () =>
      compiledOf(grouped, { fonts: new Map([...fonts, ['mono', [typeface]]]) });
    assert.throws(
      compile(uneven),
      refused('layout-font-uneven', /front\[0\]: in uneven 1 is 400 wide and 0 is 500/),
    );
    assert.throws(compile(poor), refused('layout-font-uneven', /poor has no 7/));
    const heap = squareTypeface('heap', { advance: () => 0 });
    assert.throws(compile(heap), refused('layout-font-uneven', /heap the alphabet has no width/));
  });

  test('too wide for its box is refused when compiled, or with its record where the length is open', () => {
    const narrow = { ...password, widthMm: 10 };
    assert.throws(
      () => compiledOf(layoutOf([{ ...narrow, length: 16 }])),
      refused('layout-malformed', /it needs 28\.22 mm/),
    );
    assert.throws(
      () => drawn(layoutOf([narrow]), ['1234567890']),
      refused('record-text-too-long', /record 7/),
    );
  });

  test('is warned of when its length is open, it has no panel, or its characters look alike', () => {
    assert.deepEqual(warningsOf([{ ...password, alphabet: 'ABO01I5' }]), [
      'password-length-open front[0] length',
      'password-ambiguous front[0] 0O 1I',
      'password-uncovered front[0] front[0]',
    ]);
  });
});

suite('warnings', () => {
  const covered = { ...password, length: 8 };

  test('are none for a panel that is 0.5 mm larger on each side', () => {
    assert.deepEqual(warningsOf([covered, panel]), []);
  });

  test('tell of a panel too small, below, or knocking out', () => {
    assert.deepEqual(warningsOf([covered, { ...panel, xMm: 9.8 }]), [
      'panel-margin-small front[1] front[0]: 0.20 mm < 0.5 mm',
    ]);
    assert.deepEqual(warningsOf([covered, { ...panel, widthMm: 45 }]), [
      'panel-margin-small front[1] front[0]: -5.50 mm < 0.5 mm',
    ]);
    assert.deepEqual(warningsOf([panel, covered]), ['panel-below front[0] front[1]']);
    assert.deepEqual(warningsOf([{ ...panel, layer: 'scratch' }, covered]), []);
    assert.deepEqual(warningsOf([covered, { ...panel, overprint: false }]), [
      'panel-knocks-out front[1] front[0]',
    ]);
  });

  test('tell of text and codes near the edge', () => {
    const text = { type: 'text', value: 'x', xMm: 2, yMm: 10, widthMm: 20, sizePt: 8 };
    const code = { type: 'code', symbology: 'qr', value: 'x', xMm: 65.6, yMm: 30, sizeMm: 20 };
    assert.deepEqual(warningsOf([text, code]), [
      'near-edge front[0] 2.00 mm < 3 mm',
      'near-edge front[1] 0.00 mm < 3 mm',
    ]);
  });

  test('tell of small text, thin lines and codes in several inks, and of too much ink', () => {
    const ink = { cmyk: [0.9, 0.8, 0.8, 0.9] };
    const text = {
      type: 'text',
      value: 'x',
      xMm: 20,
      yMm: 10,
      widthMm: 20,
      sizePt: 5,
      ink: { cmyk: [0, 1, 1, 0] },
    };
    const line = {
      type: 'line',
      x1Mm: 5,
      y1Mm: 20,
      x2Mm: 30,
      y2Mm: 20,
      widthPt: 0.2,
      ink: { cmyk: [0, 1, 1, 0] },
    };
    const code = { type: 'code', symbology: 'qr', value: 'x', xMm: 50, yMm: 10, sizeMm: 20, ink };
    assert.deepEqual(warningsOf([text, line, code]), [
      'small-text-inks front[0] 5 pt, 2 inks',
      'thin-line-inks front[1] 0.2 pt, 2 inks',
      'line-hair front[1] 0.2 pt',
      'code-ink front[2] C90 M80 Y80 K90',
      'ink-total-high front[2] 340 % > 300 %',
    ]);
    assert.deepEqual(warningsOf([{ ...text, ink: undefined }]), []);
  });

  test('tell of boxes that end at the edge or short of the bleed', () => {
    const rect = { type: 'rect', xMm: -1.5, yMm: -1.5, widthMm: 88.6, heightMm: 10 };
    assert.deepEqual(warningsOf([rect]), []);
    assert.deepEqual(warningsOf([{ ...rect, xMm: 0, widthMm: 40 }]), [
      'bleed-short front[0] 0.00 mm < 1.5 mm',
    ]);
    assert.deepEqual(warningsOf([{ ...rect, xMm: -1, widthMm: 40 }]), [
      'bleed-short front[0] 1.00 mm < 1.5 mm',
    ]);
  });

  test('are in Chinese and English', () => {
    for (const { zh, en } of Object.values(layoutWarnings)) {
      assert.match(zh, /\p{Script=Han}/u);
      assert.match(en, /^[a-z]/);
    }
  });
});
