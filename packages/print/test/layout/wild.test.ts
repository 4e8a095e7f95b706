import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Modules } from '../../src/code/modules.ts';
import type { Pen } from '../../src/draw/pen.ts';
import type { Typeface } from '../../src/font/typeface.ts';
import { parseLayout } from '../../src/layout/parse.ts';
import type { Layout } from '../../src/layout/schema.ts';
import { Refusal } from '../../src/refusal.ts';
import { card, compiledOf, fonts } from './compiled.ts';
import { squareTypeface } from './square-typeface.ts';

/** Names that every object has: a lookup that forgets it finds something. */
const awkwardNames = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'a', '名'];
const name = fc.constantFrom(...awkwardNames);
const mm = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, 1, 5, 20, 25) },
  { weight: 1, arbitrary: fc.constantFrom(-5, -4.99, 1e-9, 0.01, 53.98, 85.6, 90, 330, 340) },
  { weight: 1, arbitrary: fc.double({ min: -10, max: 400, noNaN: true }) },
);
const box = { xMm: mm, yMm: mm, widthMm: mm, heightMm: mm };
const pt = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(2, 6, 8) },
  { weight: 1, arbitrary: fc.constantFrom(-5, 0, 0.05, 20, 100, 200) },
  { weight: 1, arbitrary: fc.double({ noNaN: true }) },
);
const ink = fc.oneof(
  fc.record({ cmyk: fc.tuple(...[0, 1, 2, 3].map(() => fc.constantFrom(0, 1e-9, 0.5, 1))) }),
  fc.record({ spot: name, tint: fc.constantFrom(0, 0.5, 1) }),
);
const shape = { layer: name, ink };
const lettering = {
  ...box,
  ...shape,
  value: name.map((field) => `{${field}}`),
  sizePt: pt,
  font: name,
  align: fc.constantFrom('left', 'center', 'right'),
  anchor: fc.constantFrom('top', 'middle', 'bottom', 'baseline'),
  letterSpacingPt: pt,
};
const optional = { requiredKeys: ['type', 'value', 'xMm', 'yMm', 'widthMm', 'sizePt', 'font'] as never[] };
const element = fc.oneof(
  fc.record(
    {
      type: fc.constant('text'),
      ...lettering,
      overflow: fc.constantFrom('refuse', 'shrink', 'wrap'),
      minSizePt: pt,
      maxLines: fc.constantFrom(1, 3, 50),
      lineHeight: fc.constantFrom(0.8, 1.3, 4),
    },
    optional,
  ),
  fc.record(
    {
      type: fc.constant('password'),
      ...lettering,
      group: fc.constantFrom(1, 4, 32),
      gap: fc.constantFrom(0, 4),
    },
    optional,
  ),
  fc.record({ type: fc.constant('image'), ...box, layer: name, artwork: name }),
  fc.record({ type: fc.constant('rect'), ...box, ...shape, radiusMm: mm }),
  fc.record({ type: fc.constant('panel'), ...box, layer: name, spot: name, radiusMm: mm }),
  fc.record({ type: fc.constant('line'), ...shape, x1Mm: mm, y1Mm: mm, x2Mm: mm, y2Mm: mm, widthPt: pt }),
  fc.record({
    type: fc.constant('code'),
    value: name.map((field) => `{${field}}`),
    symbology: fc.constantFrom('qr', 'datamatrix'),
    xMm: mm,
    yMm: mm,
    sizeMm: mm,
  }),
);
const cell = fc.oneof(fc.constantFrom('', '1', '12345678', ' a ', '一'), fc.string({ maxLength: 40 }));

function layoutWith(front: readonly object[]): unknown {
  return {
    version: 1,
    name: 'wild',
    card,
    fields: Object.fromEntries(awkwardNames.map((field) => [field, { secret: field === 'constructor' }])),
    spots: awkwardNames.slice(0, 4).map((spot) => ({ name: spot, cmyk: [0, 0, 0, 0.5] })),
    front,
  };
}

/** What the work gives, or the refusal; anything else that is thrown fails the test. */
function orRefusal<T>(work: () => T): T | Refusal {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

const resources = {
  columns: awkwardNames,
  fonts: new Map([
    ...fonts,
    ['constructor', [squareTypeface('own')]],
    ['__proto__', [squareTypeface('other')]],
  ]),
};

/** Keeps every call with its numbers, which must be such as a page can have. */
function exactPen(calls: string[]): Pen {
  const note =
    (operation: string) =>
    (...given: unknown[]): void => {
      calls.push(JSON.stringify([operation, ...given], exact));
    };
  return new Proxy({} as Pen, { get: (_, operation) => note(String(operation)) });
}

function exact(_key: string, value: unknown): unknown {
  if (typeof value === 'number')
    assert.ok(Number.isFinite(value) && Math.abs(value) < 1e6, `${value} is drawn`);
  if (typeof value === 'object' && value !== null && 'glyphOf' in value) return (value as Typeface).name;
  if (typeof value === 'object' && value !== null && 'bits' in value)
    return Buffer.from((value as Modules).bits).toString('hex');
  return value;
}

function draw(layout: Layout, rows: readonly (readonly string[])[]): string[] {
  const face = compiledOf(layout, resources).face('front');
  return rows.map((row, index) => {
    const calls: string[] = [];
    const pen = exactPen(calls);
    const refusal = orRefusal(() => {
      face.drawStatic(pen);
      face.drawVariable(pen, row, index + 1);
    });
    return refusal instanceof Refusal ? refusal.code : calls.join('\n');
  });
}

test('whatever a layout says, it is refused or draws finite numbers, and a card is not changed by the cards before it', () => {
  let drawn = 0;
  fc.assert(
    fc.property(
      fc.array(element, { minLength: 1, maxLength: 3 }),
      fc.array(fc.array(cell, { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 5 }),
      (front, rows) => {
        const layout = orRefusal(() => parseLayout(layoutWith(front)));
        if (layout instanceof Refusal) return;
        const together = orRefusal(() => draw(layout, rows));
        if (together instanceof Refusal) return;
        drawn += together.filter((calls) => calls.startsWith('[')).length;
        for (const [index, row] of rows.entries()) assert.equal(draw(layout, [row])[0], together[index]);
      },
    ),
    { numRuns: 1_500 },
  );
  assert.ok(drawn > 100, `${drawn} cards were drawn`);
});
