import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fitSheet } from '../../src/press/fit.ts';
import { pagesPerFile, parsePress, parsePressText } from '../../src/press/parse.ts';
import { writtenPressSchema } from '../../src/press/schema.ts';
import { Refusal } from '../../src/refusal.ts';

const packageUrl = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, packageUrl), 'utf8');
const card = { widthMm: 85.6, heightMm: 53.98 };
const plain = { version: 1, name: 'plain', dotsPerInch: 600, bleedMm: 1.5 };
const sheet = { widthMm: 450, heightMm: 320, columns: 4, rows: 5, gutterXMm: 4, gutterYMm: 4, gripperMm: 12 };

function refusal(act: () => unknown): Refusal {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error;
  }
  return assert.fail('it was taken');
}

describe('press profile', () => {
  it('has its committed JSON schema', () => {
    assert.deepEqual(
      JSON.parse(read('schema/press-1.json')),
      JSON.parse(JSON.stringify(writtenPressSchema())),
    );
  });

  it('comes with samples that fit the card', () => {
    const names = readdirSync(new URL('samples/presses/', packageUrl));
    assert.ok(names.length >= 4);
    for (const name of names) {
      const press = parsePressText(read(`samples/presses/${name}`));
      assert.equal(`${press.name}.json`, name);
      if (press.sheet !== undefined) fitSheet(press, card);
    }
  });

  it('fills in defaults, and leaves what was given as it is', () => {
    const given = { ...plain, sheet, marks: { crop: true } };
    const press = parsePress(given);
    assert.deepEqual(
      [press.codes, press.minDotsPerModule, press.separateLayers, press.maxInkPercent, press.compress],
      ['mask', 4, [], 300, false],
    );
    assert.deepEqual(
      [press.sheet?.gripperEdge, press.sheet?.marginMm, press.sheet?.cards],
      ['bottom', 3, 'upright'],
    );
    assert.deepEqual(press.marks, {
      crop: true,
      registration: false,
      colourBar: false,
      slug: false,
      stackNumbers: false,
    });
    assert.equal('gripperEdge' in given.sheet, false);
    assert.equal(pagesPerFile(press), 500);
    assert.equal(pagesPerFile(parsePress(plain)), 100_000);
  });

  const refused: readonly [string, unknown, string, RegExp][] = [
    ['no object', 7, '', /object/],
    ['another version', { ...plain, version: 2 }, 'version', /constant/],
    ['a missing setting', { version: 1, name: 'x', bleedMm: 1 }, '', /dotsPerInch must be stated/],
    ['a misspelt setting', { ...plain, codess: 'mask' }, '', /"codess": no such setting/],
    ['a misspelt setting deeper', { ...plain, sheet: { ...sheet, colums: 4 } }, 'sheet', /"colums"/],
    ['a negative gutter', { ...plain, sheet: { ...sheet, gutterXMm: -1 } }, 'sheet.gutterXMm', />= 0/],
    ['half a column', { ...plain, sheet: { ...sheet, columns: 1.5 } }, 'sheet.columns', /integer/],
    ['an unknown edge', { ...plain, marks: { slug: 'middle' } }, 'marks.slug', /true, false, "top", "left"/],
    ['a path as layer', { ...plain, separateLayers: ['a/b'] }, 'separateLayers[0]', /pattern/],
    ['the usual layer as separate', { ...plain, separateLayers: ['print'] }, 'separateLayers', /leaves? it/],
    ['layers that name one file', { ...plain, separateLayers: ['uv', 'UV'] }, 'separateLayers', /one file/],
    ['the usual layer in capitals', { ...plain, separateLayers: ['Print'] }, 'separateLayers', /leaves? it/],
    ['a line break in the name', { ...plain, name: 'a\nb' }, 'name', /pattern/],
    ['sheets where there are none', { ...plain, sheetsPerFile: 5 }, 'sheetsPerFile', /cardsPerFile/],
    ['cards where there are sheets', { ...plain, sheet, cardsPerFile: 5 }, 'cardsPerFile', /sheetsPerFile/],
    ['marks where there is no sheet', { ...plain, marks: { crop: true } }, 'marks', /sheet/],
  ];
  for (const [what, json, at, reason] of refused) {
    it(`refuses ${what} with the path and the reason`, () => {
      const { code, place, detail } = refusal(() => parsePress(json));
      assert.equal(code, 'press-malformed');
      assert.equal(place.at ?? '', at);
      assert.match(detail, reason);
    });
  }

  it('refuses a grid that does not fit with the figures', () => {
    const { code, detail } = refusal(() => parsePress({ ...plain, card, sheet: { ...sheet, rows: 6 } }));
    assert.equal(code, 'press-does-not-fit');
    assert.match(
      detail,
      /upwards it needs 346\.88 mm .*the sheet leaves 305 mm \(320 less gripper and margins 15\)/,
    );
  });

  it('takes the last hundredth of a millimetre, and not one more', () => {
    const exact = { ...sheet, columns: 1, rows: 1, widthMm: 85.6 + 3 + 6, heightMm: 53.98 + 3 + 3 + 12 };
    parsePress({ ...plain, card, sheet: exact });
    for (const side of ['widthMm', 'heightMm'] as const)
      refusal(() => parsePress({ ...plain, card, sheet: { ...exact, [side]: exact[side] - 0.01 } }));
  });

  it('keeps the gripper free on both edges where turning swaps them', () => {
    const tight = { ...sheet, rows: 5, heightMm: 53.98 * 5 + 16 + 3 + 12 + 3 };
    parsePress({ ...plain, card, sheet: tight, duplex: { turn: 'side' } });
    const { code } = refusal(() => parsePress({ ...plain, card, sheet: tight, duplex: { turn: 'head' } }));
    assert.equal(code, 'press-does-not-fit');
  });

  it('refuses a card of another size than the press takes', () => {
    const press = parsePress({ ...plain, card, sheet });
    assert.equal(refusal(() => fitSheet(press, { widthMm: 90, heightMm: 54 })).code, 'press-card-differs');
  });

  it('puts strips where there is room, each on its own side', () => {
    const press = parsePress({ ...plain, sheet, marks: { crop: true, colourBar: true, slug: true } });
    const { colourBar, slug } = fitSheet(press, card);
    assert.deepEqual([colourBar?.edge, slug?.edge], ['left', 'right']);
    const { detail } = refusal(() =>
      fitSheet(parsePress({ ...plain, sheet: { ...sheet, rows: 2 }, marks: { slug: 'left' } }), card),
    );
    assert.match(detail, /needs 120 mm along the left/);
  });

  it('answers anything at all with a profile or a Refusal', () => {
    const wild = fc.oneof(fc.json(), fc.string());
    const mostly = (sound: unknown, ...others: fc.Arbitrary<unknown>[]): fc.Arbitrary<unknown> =>
      fc.oneof({ weight: 12, arbitrary: fc.constant(sound) }, fc.jsonValue(), ...others);
    const nearly = fc.record({
      version: fc.constant(1),
      name: mostly('任意', fc.string()),
      dotsPerInch: mostly(600, fc.double()),
      bleedMm: mostly(1.5, fc.double()),
      card: mostly(card),
      sheet: mostly(sheet, fc.record(around(sheet)), fc.record(around(sheet))),
      duplex: mostly({ turn: 'side' }),
      marks: mostly({ crop: true, slug: 'left' }),
      separateLayers: mostly(['scratch']),
    });
    let taken = 0;
    const parse = (text: string): void => {
      try {
        taken += parsePressText(text).version;
      } catch (error) {
        assert.ok(error instanceof Refusal, String(error));
      }
    };
    fc.assert(fc.property(wild, parse), { numRuns: 300 });
    fc.assert(
      fc.property(nearly, (press) => parse(JSON.stringify(press))),
      { numRuns: 1000 },
    );
    parse(
      '{"version":1,"name":"x","dotsPerInch":600,"bleedMm":1,"__proto__":{"compress":true},"constructor":1}',
    );
    assert.ok(taken > 100, 'many were sound');
  });
});

/** Numbers around those of the sample. */
function around(numbers: Readonly<Record<string, number>>): Record<string, fc.Arbitrary<number>> {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [
      name,
      fc.oneof(fc.constant(value), fc.integer({ min: -1, max: 900 })),
    ]),
  );
}
