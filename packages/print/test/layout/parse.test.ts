import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { layoutJsonSchema } from '../../src/layout/json-schema.ts';
import { parseLayout } from '../../src/layout/parse.ts';
import { Refusal } from '../../src/refusal.ts';
import { card, refused } from './compiled.ts';

const read = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
const samples = ['gift-card', 'code-card', 'minimal'];

const text = { type: 'text', value: '{t}', xMm: 10, yMm: 10, widthMm: 40, sizePt: 10 };
const panel = { type: 'panel', spot: 'White', xMm: 10, yMm: 10, widthMm: 40, heightMm: 8 };
const layout = (more: object, front: readonly object[] = [text]) => ({
  version: 1,
  name: 'test',
  card,
  fields: { t: {} },
  spots: [{ name: 'White', cmyk: [0, 0, 0, 0.05] }],
  front,
  ...more,
});

suite('parseLayout', () => {
  for (const name of samples)
    test(`takes the sample ${name} and hands out a copy`, () => {
      const json = read(`samples/layouts/${name}.json`);
      const parsed = parseLayout(json);
      assert.deepEqual(parsed, json);
      assert.notEqual(parsed, json);
    });

  const mistakes: readonly [string, object, RegExp][] = [
    ['an unknown version', layout({ version: 2 }), /: version: /],
    ['an unknown property', layout({ bleed: 3 }), /"bleed": no such setting/],
    ['a missing property', layout({}, [{ ...text, sizePt: undefined, widthMm: 4 }]), /front\[0\]/],
    [
      'an unknown property of an element',
      layout({}, [text, { ...text, colour: 1 }]),
      /front\[1\].*"colour": no such setting/,
    ],
    [
      'an unknown kind of element',
      layout({}, [{ ...text, type: 'txt' }]),
      /front\[0\]: no element of this kind/,
    ],
    [
      'a symbology of no code',
      layout({}, [{ ...text, type: 'code', symbology: 'pdf417' }]),
      /front\[0\]: no element/,
    ],
    ['text as a number', layout({}, [{ ...text, xMm: '10' }]), /front\[0\]\.xMm: must be number/],
    ['a number beyond its bounds', layout({}, [{ ...text, sizePt: 1e9 }]), /front\[0\]\.sizePt/],
    ['an undeclared field', layout({ fields: {} }), /front\[0\]\.value: the field t is not declared/],
    [
      'a field that objects have',
      layout({}, [{ ...text, value: '{constructor}' }]),
      /field constructor is not declared/,
    ],
    ['a lone bracket', layout({}, [{ ...text, value: 'a{t' }]), /front\[0\]\.value: a lone \{/],
    ...['/etc/hostname', '../front.jpg', 'a/../../b.jpg', 'C:\\front.jpg', '..', 'a//b.jpg', './'].map(
      (file): [string, object, RegExp] => [
        `a picture that lies at ${file}`,
        layout({ artworks: { bg: { file } } }),
        /artworks\.bg\.file: .*beside the layout/,
      ],
    ),
    ['an undeclared spot ink', layout({}, [{ ...panel, spot: 'Gold' }]), /spot ink Gold is not declared/],
    [
      'an undeclared artwork',
      layout({}, [{ ...panel, type: 'image', spot: undefined, artwork: 'x' }]),
      /front\[0\]/,
    ],
    [
      'a spot ink twice',
      layout({ spots: [0, 1].map(() => ({ name: 'A', cmyk: [0, 0, 0, 1] })) }),
      /A is given twice/,
    ],
    [
      'an element’s name twice',
      layout(
        {},
        [0, 1].map(() => ({ ...text, name: 'n' })),
      ),
      /front: the name n/,
    ],
    ['text outside the card', layout({}, [{ ...text, xMm: 50 }]), /front\[0\]: it reaches outside the card/],
    ['a panel outside the bleed', layout({}, [{ ...panel, xMm: 60 }]), /more than 5 mm outside/],
    ['a setting without effect', layout({}, [{ ...text, minSizePt: 5 }]), /only with overflow shrink/],
    [
      'an anchor without height',
      layout({}, [{ ...text, anchor: 'middle' }]),
      /heightMm: anchor middle needs it/,
    ],
    [
      'a bidirectional control',
      layout({}, [{ ...text, value: 'a\u202eb' }]),
      /front\[0\]\.value: it holds a control/,
    ],
    ['a line feed outside wrapped text', layout({}, [{ ...text, value: 'a\nb' }]), /it holds a control/],
  ];
  for (const [name, json, reason] of mistakes)
    test(`refuses ${name} with its place`, () => {
      assert.throws(() => parseLayout(json), refused('layout-malformed', reason));
    });

  test('lets bleed elements reach into the bleed and no further', () => {
    assert.ok(parseLayout(layout({}, [{ ...panel, xMm: -3, yMm: -5 }])));
  });

  test('takes what JSON cannot say for no layout', () => {
    const cyclic: Record<string, unknown> = layout({});
    cyclic['fields'] = cyclic;
    for (const json of [
      undefined,
      cyclic,
      layout({ card: { ...card, safeMm: Number.NaN } }),
      layout({}, new Array(3)),
    ])
      assert.throws(() => parseLayout(json), refused('layout-malformed'));
  });

  test('meets any JSON with a Refusal or a layout', () => {
    const json = fc.oneof(fc.jsonValue(), damagedLayout());
    let taken = 0;
    fc.assert(
      fc.property(json, (value) => {
        try {
          parseLayout(value);
          taken++;
        } catch (error) {
          assert.ok(error instanceof Refusal, String(error));
          assert.equal(error.code, 'layout-malformed');
        }
      }),
      { numRuns: 600 },
    );
    assert.ok(taken > 0, 'some of the damaged layouts are layouts still');
  });

  /** A sample layout with one value, anywhere, replaced or taken away. */
  function damagedLayout(): fc.Arbitrary<unknown> {
    const wild = fc.oneof(fc.jsonValue(), fc.constantFrom('__proto__', '{t}', '{', -1, 1e308, [], {}, ''));
    return fc
      .tuple(fc.constantFrom(...samples), fc.nat(), wild, fc.boolean())
      .map(([name, at, value, isGone]) => {
        let seen = 0;
        const json = JSON.stringify(read(`samples/layouts/${name}.json`));
        const count = (json.match(/[:,[{]/g) ?? []).length;
        return JSON.parse(json, (_key, part) => {
          if (seen++ !== at % count) return part;
          return isGone ? undefined : value;
        });
      });
  }
});

test('schema/layout-1.json is what the types are made of', () => {
  assert.deepEqual(
    read('schema/layout-1.json'),
    JSON.parse(JSON.stringify(layoutJsonSchema())),
    'run: node packages/print/src/layout/json-schema.ts, then biome format --write',
  );
});
