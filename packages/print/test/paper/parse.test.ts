import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePaper } from '../../src/paper/parse.ts';
import { type PaperKind, paperSchemas } from '../../src/paper/schema.ts';
import { Refusal, type RefusalCode } from '../../src/refusal.ts';
import { sample } from './samples.ts';

const kinds = Object.keys(paperSchemas) as PaperKind[];

/** The sample with the property at a path such as `cartons[0].count` set to another value. */
function changed(kind: PaperKind, path: string, value: unknown): unknown {
  const data = sample(kind);
  const steps = path.split(/[.[\]]+/u).filter((step) => step !== '');
  let at = data as Record<string, unknown>;
  for (const step of steps.slice(0, -1)) at = at[step] as Record<string, unknown>;
  at[steps.at(-1)!] = value;
  return data;
}

test('the samples that come with the package are accepted', () => {
  for (const kind of kinds) assert.deepEqual(parsePaper(kind, sample(kind)), sample(kind));
});

const refused: readonly (readonly [PaperKind, string, unknown, RefusalCode, string?])[] = [
  ['box-label', 'version', 2, 'paper-malformed'],
  ['box-label', 'count', 0, 'paper-malformed'],
  ['box-label', 'count', 1.5, 'paper-malformed'],
  ['box-label', 'containerId', 'X^XZ', 'paper-malformed'],
  ['box-label', 'containerId', '中文', 'paper-malformed'],
  ['box-label', 'number', 41, 'paper-malformed'],
  ['box-label', 'templateName', '   ', 'paper-malformed'],
  ['box-label', 'templateName', 'a\u202eb', 'record-text-unsafe'],
  ['box-label', 'remark', 'a\nb', 'record-text-unsafe'],
  ['box-label', 'firstCardNo', '62^', 'paper-malformed'],
  ['waybill', 'receiver.phone', 'call me', 'paper-malformed'],
  ['waybill', 'receiver.phone', '一三八', 'paper-malformed'],
  ['waybill', 'sender.address', 'x'.repeat(201), 'paper-malformed'],
  ['waybill', 'number', 3, 'paper-malformed'],
  ['packing-list', 'cartons[0].count', 999, 'paper-totals-differ'],
  ['packing-list', 'cartons[0].boxes[1].id', 'X-20261124-0001', 'paper-malformed'],
  ['packing-list', 'cartons[1].boxes[0].parValueFen', -1, 'paper-malformed'],
  ['packing-list', 'total.cartons', 3, 'paper-totals-differ'],
  ['packing-list', 'total.boxes', 2, 'paper-totals-differ'],
  ['packing-list', 'total.cards', 1301, 'paper-totals-differ'],
  ['hand-over', 'total.items', 3, 'paper-totals-differ'],
  ['hand-over', 'total.cards', 1299, 'paper-totals-differ'],
  ['hand-over', 'items[1].containerId', 'C-20261124-0001', 'paper-malformed', 'items'],
  ['certificate', 'lines[0].fetched', 999, 'paper-totals-differ'],
  ['certificate', 'lines[0].remade', 5, 'paper-totals-differ', 'lines[0].printedGood'],
  ['certificate', 'lines[1].scanned', 299, 'paper-totals-differ'],
  ['certificate', 'lines[1].packed', 301, 'paper-totals-differ'],
  ['certificate', 'lines[0].shipped', 0, 'paper-totals-differ'],
  ['certificate', 'shipments[0].cards', 1299, 'paper-totals-differ', 'shipments'],
  ['certificate', 'files[0].sha256', 'AB'.repeat(32), 'paper-malformed'],
];

for (const [kind, path, value, code, at = path] of refused)
  test(`${kind}: ${path} = ${JSON.stringify(value).slice(0, 20)} is refused by its path`, () => {
    assert.throws(
      () => parsePaper(kind, changed(kind, path, value), 7),
      (error) => {
        assert.ok(error instanceof Refusal);
        assert.equal(error.code, code);
        assert.equal(error.place.at ?? '', at);
        assert.equal(error.place.recordNo, 7);
        return true;
      },
    );
  });

test('an unknown property is named', () => {
  assert.throws(
    () => parsePaper('box-label', { ...sample('box-label'), pin: '1' }),
    /"pin": no such setting/u,
  );
});

test('whatever the JSON, it is accepted or refused', () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.jsonValue(), (kind, json) => {
      try {
        parsePaper(kind, json);
      } catch (error) {
        assert.ok(error instanceof Refusal, String(error));
      }
    }),
    { numRuns: 300 },
  );
});

test('whatever is put in the place of a property, it is accepted or refused', () => {
  const paths = kinds.flatMap((kind) => Object.keys(sample(kind)).map((name) => [kind, name] as const));
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.jsonValue(), ([kind, name], json) => {
      try {
        parsePaper(kind, { ...sample(kind), [name]: json });
      } catch (error) {
        assert.ok(error instanceof Refusal, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
