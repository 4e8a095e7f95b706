import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { dummyRow } from '../../src/layout/dummy.ts';
import { previewSvg } from '../../src/layout/preview.ts';
import { proofFace } from '../../src/layout/proof.ts';
import { compiledOf, fonts, layoutOf, refused } from './compiled.ts';
import { RecordingPen } from './recording-pen.ts';

const password = { type: 'password', value: '{password}', xMm: 5, yMm: 30, widthMm: 70, sizePt: 8 };
const text = (value: string) => ({
  type: 'text',
  value,
  xMm: 5,
  yMm: 10,
  widthMm: 75,
  sizePt: 4,
  overflow: 'shrink',
  minSizePt: 2,
});
const fields = {
  password: { secret: true, dummy: 'digits' },
  url: { secret: true, dummy: 'same-width' },
  pin: { secret: true, dummy: 'letters' },
  card_no: {},
};
const columns = ['password', 'url', 'pin', 'card_no', 'note'];
const layout = layoutOf([password, text('{url} {pin} {card_no}')], { fields });

suite('dummyRow', () => {
  test('keeps the length of secrets and all of the others, and empties what is not declared', () => {
    const row = ['9876543210123456', 'https://pay.test.cn/c/9d8f7a6b5c4d3e2f', 'QWER', '62001', 'internal'];
    assert.deepEqual(dummyRow(layout, columns, row), [
      '8888888888888888',
      'https://example.invalid/sample-sample-'.slice(0, 38),
      'XXXX',
      '62001',
      '',
    ]);
  });

  test('depends on nothing but the lengths of secrets', () => {
    const rowOf = (digits: string) => [
      digits.repeat(8),
      `https://${digits.repeat(15)}`,
      digits.repeat(2),
      '62001',
      '',
    ];
    assert.deepEqual(dummyRow(layout, columns, rowOf('12')), dummyRow(layout, columns, rowOf('57')));
  });

  test('is never the secret, even where the secret looks like a dummy', () => {
    const row = ['88888888', 'https://example.invalid/sample-sample', 'XXXX', '62001', ''];
    const dummies = dummyRow(layout, columns, row);
    assert.deepEqual(
      dummies.slice(0, 3).map((dummy) => dummy.length),
      [8, 37, 4],
    );
    assert.doesNotMatch(dummies.join(' '), /8888|XXXX|exam|samp/);
  });

  test('refuses a proof in which an open field holds a secret', () => {
    const row = ['987654', 'https://example.test/', 'QWER', 'no 987654', ''];
    assert.throws(
      () => dummyRow(layout, columns, row),
      (error: Error) => {
        assert.match(error.message, /proof-shows-secret: card_no/);
        return !error.message.includes('987654');
      },
    );
  });

  test('without a row shows samples, and passwords as long as they will be', () => {
    const sampled = layoutOf([{ ...password, length: 12 }, text('{par_value}{card_no}')], {
      fields: { password: { secret: true }, par_value: { sample: '100' }, card_no: {} },
    });
    assert.deepEqual(dummyRow(sampled, ['password', 'par_value', 'card_no'], 4), [
      '888888888888',
      '100',
      '00000005',
    ]);
  });

  test('makes dummies of the password’s own alphabet', () => {
    const letters = layoutOf([{ ...password, alphabet: 'ACDEFH' }], {
      fields: { password: { secret: true } },
    });
    assert.deepEqual(dummyRow(letters, ['password'], ['FEDCAH']), ['AAAAAA']);
    const single = layoutOf([{ ...password, alphabet: 'A' }], { fields: { password: { secret: true } } });
    assert.throws(
      () => dummyRow(single, ['password'], ['AAAA']),
      refused('proof-shows-secret', /no dummy for password/),
    );
  });
});

suite('a proof', () => {
  const digits = fc
    .array(fc.constantFrom(...'0123456789'), { minLength: 4, maxLength: 24 })
    .map((all) => all.join(''));
  const secretText = fc.string({ unit: fc.constantFrom(...'abcXYZ019-/.:?=8'), minLength: 4, maxLength: 40 });
  const rows = fc.tuple(digits, secretText, secretText, digits, secretText);

  test('never shows four characters of a secret in a row, whatever the records', () => {
    const compiled = compiledOf(layout, { columns });
    const face = proofFace(compiled.face('front'), layout, columns, fonts.get('sans') ?? []);
    let shownProofs = 0;
    fc.assert(
      fc.property(rows, (row) => {
        const pen = new RecordingPen();
        try {
          face.drawStatic(pen);
          face.drawVariable(pen, row, 1);
        } catch (error) {
          assert.match(String(error), /proof-shows-secret/);
          return;
        }
        shownProofs++;
        const openText = row[3];
        const shown = pen.texts
          .map((run) => run.text)
          .join('')
          .replace(openText, '');
        for (const secret of row.slice(0, 3))
          for (let i = 0; i + 4 <= secret.length; i++)
            assert.ok(!shown.includes(secret.slice(i, i + 4)), 'a secret shines through');
        assert.match(shown, /样张 PROOF/);
      }),
      { numRuns: 1000 },
    );
    assert.ok(shownProofs > 500);
  });

  test('is the same picture for all secrets of one length', () => {
    const compiled = compiledOf(layout, { columns });
    const svgOf = (secret: string) =>
      previewSvg(compiled, 'front', [secret, secret, secret, '62001', ''], 1, {
        through: (face) => proofFace(face, layout, columns, fonts.get('sans') ?? []),
      });
    assert.equal(svgOf('12345678'), svgOf('90817263'));
    assert.notEqual(svgOf('12345678'), svgOf('123456789'));
  });
});
