import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Row } from '../../src/records/record.ts';
import { Refusal } from '../../src/refusal.ts';
import { readPdf } from '../pdf/read-pdf.ts';
import {
  printed,
  recordsOf,
  type SampleLayoutName,
  sampleLayout,
  samplePress,
  sampleRecords,
} from './jobs.ts';
import { codesOn, drawnPages, textsOf } from './reading.ts';

const { columns, rows } = sampleRecords(3);
/** Secrets that share nothing with any dummy. */
const secretRows: Row[] = rows.map(([cardNo, , , parValue, name], index) => [
  cardNo!,
  `739145826403917${index}`,
  `https://pay.test/card/Kq7mZ2tR9wB4vN8c${index}`,
  parValue!,
  name!,
]);
const tokens = secretRows.flatMap(([, password, url]) => [
  password!,
  url!,
  url!.slice(-11),
  password!.slice(0, 4),
]);

/** All that is in a PDF: its bytes, and its streams unpacked. */
function everythingIn(pdf: Buffer): string {
  return [pdf, ...readPdf(pdf).streams.values()].map((bytes) => bytes.toString('latin1')).join('\n');
}

async function proof(name: SampleLayoutName, given: readonly Row[] = secretRows) {
  const parts = { layout: sampleLayout(name), press: samplePress('one-up-600dpi'), isProof: true };
  const run = await printed({ ...parts, records: recordsOf(columns, given) });
  return { run, pdf: run.files.get('0001-print.pdf')! };
}

suite('a proof of three records', () => {
  for (const name of ['gift-card', 'code-card'] as const)
    test(`of ${name} has no secret in its bytes, its texts or its other files`, async () => {
      const { run, pdf } = await proof(name);
      const texts = textsOf(pdf);
      assert.equal(texts.length, 6);
      const all = [
        everythingIn(pdf),
        ...texts,
        ...texts.map((text) => text.replace(/\s/g, '')),
        ...run.files.values(),
      ];
      for (const part of all) for (const token of tokens) assert.ok(!part.includes(token), token);
      for (const text of texts) assert.match(text.replace(/\s/g, ''), /样张PROOF/);
      for (const [index, [cardNo]] of secretRows.entries())
        assert.ok(
          texts
            .slice(2 * index, 2 * index + 2)
            .join('')
            .includes(cardNo!),
          'what is no secret stays',
        );
    });

  test('has a code of the same size that reads as a dummy', async () => {
    const [{ pdf }, { files }] = [
      await proof('gift-card'),
      await printed({
        layout: sampleLayout('gift-card'),
        press: samplePress('one-up-600dpi'),
        records: recordsOf(columns, secretRows),
      }),
    ];
    const real = [...drawnPages(files.get('0001-print.pdf')!, 150, { first: 1, step: 2 })];
    let index = 0;
    for (const page of drawnPages(pdf, 150, { first: 1, step: 2 })) {
      const [[dummy], [secret]] = [await codesOn(page, 'QRCode'), await codesOn(real[index]!, 'QRCode')];
      assert.equal(secret?.text, secretRows[index]![2], 'the same card, not as a proof, has the secret');
      assert.match(dummy!.text, /^https:\/\/example\.invalid\/(sample|specimen|dummy)/);
      assert.equal(dummy!.text.length, secret!.text.length);
      index += 1;
    }
    assert.equal(index, 3);
  });

  test('is the same whatever the secrets are, so that nobody can try secrets until it is', async () => {
    const others = secretRows.map((row) =>
      row.map((text, index) => (columns[index] === 'password' ? text.replace('73', '91') : text)),
    );
    const [one, other] = [await proof('gift-card'), await proof('gift-card', others)];
    for (const [name, bytes] of one.run.files) assert.ok(bytes.equals(other.run.files.get(name)!), name);
  });

  test('is refused where another field gives the secret away, with the record', async () => {
    const telling = secretRows.map((row, index) =>
      index === 1 ? [row[0]!, row[1]!, row[2]!, row[3]!, row[1]!] : row,
    );
    await assert.rejects(proof('gift-card', telling), (error: unknown) => {
      assert.ok(error instanceof Refusal);
      assert.equal(error.code, 'proof-shows-secret');
      assert.deepEqual(error.place, { recordNo: 2, at: 'name' });
      assert.ok(!error.message.includes(telling[1]![1]!));
      return true;
    });
  });
});

test('what a proof is searched for can be found in a card', async () => {
  const run = await printed({
    layout: sampleLayout('gift-card'),
    press: samplePress('offset-8x3'),
    records: recordsOf(columns, secretRows),
  });
  const texts = textsOf(run.files.get('0001-print.pdf')!).map((text) => text.replace(/\s/g, ''));
  for (const [, password] of secretRows) assert.ok(texts.some((text) => text.includes(password!)));
});
