import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { escapeXmlText, readXml } from '../../src/xml/read-xml.ts';

test('escaped text comes back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const carried = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
      const reading = readXml(`<a>${escapeXmlText(text)}</a>`);
      assert.ok(reading.ok);
      assert.equal(reading.root.text, carried);
    }),
  );
});

const laughs = `<!DOCTYPE a [<!ENTITY b "ha">${Array.from({ length: 9 }, (_, n) => `<!ENTITY b${n} "&b;&b;">`).join('')}]><a>&b8;</a>`;
for (const [name, text] of [
  ['DOCTYPE', '<!DOCTYPE a><a/>'],
  ['doctype in small letters', '<!doctype a><a/>'],
  ['billion laughs', laughs],
  ['an unknown entity', '<a>&b;</a>'],
  ['an open element', '<a><b></a>'],
  ['two roots', '<a/><b/>'],
  ['deep nesting', '<a>'.repeat(100_000)],
  ['a million elements', `<a>${'<b/>'.repeat(1_000_000)}</a>`],
  ['nothing', ''],
  ['an attribute twice', '<a b="1" b="2"/>'],
] as const) {
  test(`refuses ${name} in bounded time`, { timeout: 5_000 }, () => assert.equal(readXml(text).ok, false));
}

test('never throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'<>/ab&;#x![]CDATA-?="\' ') }), (text) => {
      readXml(text);
    }),
    { numRuns: 10_000 },
  );
});

test('CDATA, comments and character references are text as XML means it', () => {
  const reading = readXml('<a><!-- x --><![CDATA[<1>]]>&#x5f20;&amp;</a>');
  assert.ok(reading.ok);
  assert.equal(reading.root.text, '<1>张&');
});
