import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CardOrderMake, cardOrderMake } from '../../src/family/spi.ts';
import { decodeFields, decodeJson, decodeXml } from '../../src/schema/decode.ts';
import { encodeFields, encodeJson, encodeXmlFields } from '../../src/schema/encode.ts';

/** Plain objects, as the decoders make them. */
const record = <T>(members: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(members, { noNullPrototype: true });

const carriedText = (maxLength: number) =>
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength })
    .filter(
      (value) =>
        value.length <= maxLength &&
        value.isWellFormed() &&
        !/[\u0000-\u001f\ufffe\uffff]/.test(value) &&
        value.trim() === value,
    );
const order: fc.Arbitrary<CardOrderMake> = record({
  card_order_id: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
  own_sign: fc.constantFrom('daily' as const, 'pre' as const, 'online' as const),
  card_product_infos: fc.array(
    record({
      template_no: carriedText(64),
      count: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
      par_value: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
      card_name: carriedText(64),
    }),
    { minLength: 1, maxLength: 12 },
  ),
}).chain((base) =>
  fc
    .option(
      record({
        receiver_name: carriedText(32),
        receiver_number: carriedText(32),
        receiver_address: carriedText(64),
        receiver_zip_code: carriedText(16),
      }),
      { nil: undefined },
    )
    .map((receiver) => (receiver === undefined ? base : { ...base, logistics_info: receiver })),
);

test('an order says the same as JSON, as XML and as form fields', () => {
  fc.assert(
    fc.property(order, (value) => {
      const expected = { ok: true, value };
      assert.deepEqual(decodeJson(cardOrderMake, encodeJson(cardOrderMake, value)), expected);
      assert.deepEqual(
        decodeXml(cardOrderMake, `<request>${encodeXmlFields(cardOrderMake, value)}</request>`, 'request'),
        expected,
      );
      assert.deepEqual(decodeFields(cardOrderMake, encodeFields(cardOrderMake, value)), expected);
    }),
    { numRuns: 500 },
  );
});

const line = '{"template_no":"T","count":1,"par_value":"100","card_name":"N"}';
const withLines = (lines: string, more = ''): string =>
  `{"card_order_id":1,"own_sign":"daily","card_product_infos":[${lines}]${more}}`;
const receiver = '"receiver_name":"a","receiver_number":"1","receiver_address":"b"';

for (const [path, text] of [
  ['card_order_id', withLines(line).replace('"card_order_id":1', '"card_order_id":0')],
  ['card_order_id', withLines(line).replace('"card_order_id":1', '"card_order_id":1.0')],
  ['card_order_id', withLines(line).replace('"card_order_id":1', '"card_order_id":1e3')],
  ['card_order_id', withLines(line).replace('"card_order_id":1', '"card_order_id":9223372036854775808')],
  ['card_order_id', withLines(line).replace('"card_order_id":1', '"card_order_id":" 1"')],
  ['card_order_id', withLines(line).replace('"card_order_id":1,', '')],
  ['own_sign', withLines(line).replace('daily', 'Daily')],
  ['card_product_infos', withLines('')],
  ['card_product_infos', withLines(Array(1000).fill(line).join(','))],
  ['card_product_infos[1].count', withLines(`${line},${line.replace('"count":1', '"count":0')}`)],
  ['card_product_infos[0].par_value', withLines(line.replace('"100"', '"0100"'))],
  ['card_product_infos[0].par_value', withLines(line.replace('"100"', '"-100"'))],
  ['card_product_infos[0].par_value', withLines(line.replace('"100"', '"1.5"'))],
  ['card_product_infos[0].template_no', withLines(line.replace('"T"', '""'))],
  ['card_product_infos[0].card_name', withLines(line.replace('"N"', '{}'))],
  ['logistics_info.receiver_zip_code', withLines(line, `,"logistics_info":{${receiver}}`)],
  [
    'logistics_info.receiver_zip_code',
    withLines(line, `,"logistics_info":{${receiver},"receiver_zip_code":""}`),
  ],
] as const) {
  test(`refuses with the path ${path}: ${text.slice(0, 140).replace(line, '…')}`, () => {
    const decoded = decodeJson(cardOrderMake, text);
    assert.ok(!decoded.ok);
    assert.equal(decoded.issue.path, path);
  });
}

test('999 lines are accepted', () => {
  assert.ok(decodeJson(cardOrderMake, withLines(Array(999).fill(line).join(','))).ok);
});

test('numbers may be text and the reverse', () => {
  const text = withLines(line.replace('"100"', '100').replace('"count":1', '"count":"1"')).replace(
    '"card_order_id":1',
    '"card_order_id":"1"',
  );
  assert.deepEqual(decodeJson(cardOrderMake, text), decodeJson(cardOrderMake, withLines(line)));
});

test('an XML list is any repeated child element', () => {
  const xmlLine =
    '<x><template_no>T</template_no><count>1</count><par_value>100</par_value><card_name>N</card_name></x>';
  const xml = `<request>\n <card_order_id>1</card_order_id><own_sign>daily</own_sign><card_product_infos>\n${xmlLine}\n</card_product_infos></request>`;
  assert.deepEqual(decodeXml(cardOrderMake, xml, 'request'), decodeJson(cardOrderMake, withLines(line)));
  assert.equal(decodeXml(cardOrderMake, xml.replaceAll('request', 'order'), 'request').ok, false);
});
