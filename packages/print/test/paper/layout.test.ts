import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bundledPaperFonts } from '../../src/paper/paper-fonts.ts';
import { type PaperKind, paperSchemas } from '../../src/paper/schema.ts';
import { Refusal } from '../../src/refusal.ts';
import { type Mark, recordPages } from './recording-pen.ts';
import { packingListOf, sample } from './samples.ts';

const kinds = Object.keys(paperSchemas) as PaperKind[];
const fonts = bundledPaperFonts();

function overlaps(one: Mark, other: Mark): boolean {
  const slack = 0.05;
  return (
    one.left < other.right - slack &&
    other.left < one.right - slack &&
    one.bottom < other.top - slack &&
    other.bottom < one.top - slack
  );
}

/** Everything on the page, nothing on something else; rules may meet each other. */
function checkPage(marks: readonly Mark[], widthPt: number, heightPt: number, kind: string): void {
  for (const [index, mark] of marks.entries()) {
    const isInside = mark.left >= 0 && mark.bottom >= 0 && mark.right <= widthPt && mark.top <= heightPt;
    assert.ok(isInside, `${kind}: ${JSON.stringify(mark)} is off the page`);
    for (const other of marks.slice(index + 1))
      if (mark.what !== 'line' || other.what !== 'line')
        assert.ok(!overlaps(mark, other), `${kind}: ${JSON.stringify([mark, other])} overlap`);
  }
}

for (const kind of kinds)
  test(`${kind}: nothing is off the page or on something else`, () => {
    for (const dotsPerInch of [203.2, 300, 600]) {
      const { pages, widthPt, heightPt } = recordPages(kind, sample(kind), fonts, dotsPerInch);
      for (const marks of pages) checkPage(marks, widthPt, heightPt, kind);
    }
  });

/** Texts of all lengths in all free places: they fit or the property is named. */
const freeText = fc.oneof(
  fc.string({
    unit: fc.constantFrom(...'中秋礼品卡蓝色版（）《》，。12 AbcWWWil-'),
    minLength: 1,
    maxLength: 90,
  }),
  fc.constantFrom('W'.repeat(60), '卡'.repeat(70), 'i', '杭州市'.repeat(20), '，。）'.repeat(15)),
);
const texts: Readonly<Record<string, readonly string[]>> = {
  'bundle-label': ['orderNo', 'templateName', 'date'],
  'box-label': ['orderNo', 'templateName', 'templateCode', 'maker', 'remark', 'date'],
  'carton-label': ['orderNo', 'templateName', 'templateCode', 'maker', 'remark', 'date'],
  waybill: ['orderNo', 'goods', 'remark', 'date', 'sortingCode'],
  'packing-list': ['orderNo', 'listNo', 'maker', 'remark', 'date'],
  'hand-over': ['orderNo', 'maker', 'place', 'remark', 'date'],
  certificate: ['orderNo', 'maker', 'date'],
};

for (const kind of kinds)
  test(`${kind}: wild texts fit, or are refused by the name of their property`, () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...texts[kind]!),
        freeText,
        fc.integer({ min: 0, max: 1_000_000_000 }),
        (name, text, fen) => {
          const data = {
            ...sample(kind),
            [name]: text,
            ...(kind.endsWith('label') ? { parValueFen: fen } : {}),
          };
          try {
            const { pages, widthPt, heightPt } = recordPages(kind, data, fonts);
            for (const marks of pages) checkPage(marks, widthPt, heightPt, `${kind} ${name}`);
          } catch (error) {
            if (!(error instanceof Refusal)) throw error;
            assert.ok(['paper-text-too-long', 'paper-malformed'].includes(error.code), error.message);
            assert.equal(error.place.at, name);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

test('a packing list of many pages: nothing is off the page or on something else', () => {
  const { pages, widthPt, heightPt } = recordPages('packing-list', packingListOf(60, 4), fonts);
  assert.ok(pages.length > 4);
  for (const marks of pages) checkPage(marks, widthPt, heightPt, 'packing-list');
});

test('long names and addresses of a waybill fit or are refused by their path', () => {
  const person = (address: string, name: string) => ({ name, phone: '13800000000', address });
  fc.assert(
    fc.property(fc.constantFrom('receiver', 'sender'), freeText, freeText, (side, address, name) => {
      const data = { ...sample('waybill'), [side]: person(address.slice(0, 200), name.slice(0, 60)) };
      try {
        const { pages, widthPt, heightPt } = recordPages('waybill', data, fonts);
        for (const marks of pages) checkPage(marks, widthPt, heightPt, side);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        assert.match(error.place.at ?? '', new RegExp(`^${side}\\.(name|address)$`));
        assert.ok(!error.message.includes(address) || address.length < 3, 'no personal data in messages');
      }
    }),
    { numRuns: 60 },
  );
});
