import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { breakLines } from '../../src/layout/line-breaks.ts';
import { compiledOf, drawn, layoutOf, ptPerMm, refused } from './compiled.ts';
import { squareTypeface } from './square-typeface.ts';

const text = (more: object) => ({
  type: 'text',
  value: '{t}',
  xMm: 10,
  yMm: 10,
  widthMm: 40,
  sizePt: 10,
  ...more,
});
const close = (actual: number | undefined, expected: number) =>
  assert.ok(actual !== undefined && Math.abs(actual - expected) < 0.02, `${actual} is not ${expected}`);

suite('a text in its box', () => {
  const left = 10 * ptPerMm;
  const widthPt = 40 * ptPerMm;

  test('stands left, in the middle or right, its width counted with letter spacing', () => {
    close(drawn(layoutOf([text({})]), ['abcd']).texts[0]?.x, left);
    close(drawn(layoutOf([text({ align: 'center' })]), ['abcd']).texts[0]?.x, left + (widthPt - 20) / 2);
    close(drawn(layoutOf([text({ align: 'right' })]), ['abcd']).texts[0]?.x, left + widthPt - 20);
    const spaced = layoutOf([text({ align: 'right', letterSpacingPt: 2 })]);
    close(drawn(spaced, ['abcd']).texts[0]?.x, left + widthPt - 26);
  });

  test('hangs from the top, stands on the bottom or a baseline, or is in the middle', () => {
    const top = (53.98 - 10) * ptPerMm;
    const y = (more: object) => drawn(layoutOf([text(more)]), ['x']).texts[0]?.y;
    close(y({}), top - 8);
    close(y({ anchor: 'baseline' }), top);
    close(y({ anchor: 'bottom', heightMm: 8 }), top - 8 * ptPerMm + 2);
    close(y({ anchor: 'middle', heightMm: 8 }), top - 4 * ptPerMm + 5 - 8);
  });

  test('is refused with record, element and figures when it is too wide', () => {
    const layout = layoutOf([text({ name: 'holder' })]);
    const tooWide = refused(
      'record-text-too-long',
      /record 7: front\[0\] \(holder\): it needs 42\.33 mm at 10 pt/,
    );
    assert.throws(() => drawn(layout, ['汉'.repeat(12)]), tooWide);
  });

  test('shrinks as far as it may and not further', () => {
    const layout = layoutOf([text({ overflow: 'shrink', minSizePt: 6 })]);
    const shrunk = drawn(layout, ['汉'.repeat(15)]).texts[0];
    close(shrunk?.sizePt, widthPt / 15);
    assert.ok((shrunk?.sizePt ?? 0) * 15 <= widthPt);
    assert.throws(
      () => drawn(layout, ['汉'.repeat(19)]),
      refused('record-text-too-long', /room for 5\.96 pt/),
    );
  });

  test('that never changes is the layout’s mistake, found when it is compiled', () => {
    const layout = layoutOf([text({ value: '汉'.repeat(12) })]);
    assert.throws(() => compiledOf(layout), refused('layout-malformed', /front\[0\]/));
  });

  test('takes glyphs from the next typeface where the first has none', () => {
    const latin = squareTypeface('latin', { has: (codePoint) => codePoint < 0x80 });
    const plane2 = squareTypeface('han', { has: (codePoint) => codePoint !== 0x9fa6 && codePoint < 0xe0100 });
    const fonts = new Map([['sans', [latin, plane2]]]);
    const { texts } = drawn(layoutOf([text({})]), ['a赵𠮷b'], { fonts });
    assert.deepEqual(
      texts.map((run) => [run.typeface, run.text, Math.round(run.x - left)]),
      [
        ['latin', 'a', 0],
        ['han', '赵𠮷', 5],
        ['latin', 'b', 25],
      ],
    );
    const selected = drawn(layoutOf([text({})]), ['葛\u{e0101}城'], { fonts }).texts;
    assert.deepEqual(
      selected.map((run) => run.text),
      ['葛城'],
    );
    const layout = layoutOf([text({})]);
    assert.throws(
      () => drawn(layout, ['ab龦'], { fonts }),
      refused('text-glyph-missing', /character 3, U\+9FA6 龦/),
    );
    const secret = layoutOf([text({})], { fields: { t: { secret: true } } });
    assert.throws(
      () => drawn(secret, ['ab龦'], { fonts }),
      (error: Error) => /record 7.*character 3/.test(error.message) && !/9FA6|龦/.test(error.message),
    );
  });

  test('of one value only is drawn as it is, brackets and all', () => {
    const pen = drawn(layoutOf([text({ value: '{{{t}}}-{u}' })], { fields: { t: {}, u: {} } }), ['x', 'y']);
    assert.equal(pen.texts[0]?.text, '{x}-y');
  });
});

suite('a wrapped text', () => {
  const wrapped = (value: string, more: object = {}) =>
    drawn(layoutOf([text({ overflow: 'wrap', maxLines: 4, ...more })]), [value]).texts;

  test('keeps closing marks off the start and opening marks off the end of lines', () => {
    // Eleven full-width characters are a line.
    assert.deepEqual(
      wrapped('一二三四五六七八九十一，二三四五六七八九（十一二三').map((line) => line.text),
      ['一二三四五六七八九十', '一，二三四五六七八九', '（十一二三'],
    );
  });

  test('breaks Latin at spaces, never within a word or number', () => {
    const lines = wrapped('Scratch gently with a coin 123456789 times').map((line) => line.text);
    assert.deepEqual(lines, ['Scratch gently with a', 'coin 123456789 times']);
    assert.throws(() => wrapped('x'.repeat(30)), refused('record-text-too-long', /may not be broken/));
  });

  test('puts lines below one another and refuses one too many', () => {
    const lines = wrapped('一二三四五六七八九十一二三四', { lineHeight: 1.5 });
    close((lines[0]?.y ?? 0) - (lines[1]?.y ?? 0), 15);
    assert.throws(
      () => wrapped('汉'.repeat(45)),
      refused('record-text-too-long', /5 lines, there is room for 4/),
    );
    const low = { heightMm: 8, maxLines: 4 };
    assert.throws(
      () => wrapped('汉'.repeat(23), low),
      refused('record-text-too-long', /3 lines, there is room for 1/),
    );
  });

  test('loses nothing but spaces at line ends, whatever the text', () => {
    const marks = fc.array(
      fc.constantFrom('汉', '字', '，', '（', '）', '—', '…', 'a', '7', ' ', '-', '.', '𠮷', '\n'),
    );
    fc.assert(
      fc.property(marks, fc.integer({ min: 3, max: 12 }), (pieces, width) => {
        const value = pieces.join('');
        const widthOf = (character: string) => (character < '\u0080' ? 0.5 : 1);
        const lines = breakLines(value, width, widthOf);
        if (lines === undefined) return;
        const shown = lines.map(([start, end]) => value.slice(start, end));
        assert.equal(shown.join('').replaceAll(' ', ''), value.replaceAll(/[ \n]/g, ''));
        for (const line of shown) {
          assert.ok([...line].reduce((sum, character) => sum + widthOf(character), 0) <= width + 1e-9);
        }
        for (const [index, line] of shown.entries()) {
          const startsParagraph = index === 0 || value[(lines[index]?.[0] ?? 0) - 1] === '\n';
          if (!startsParagraph) assert.doesNotMatch(line, /^[，）…]/);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
