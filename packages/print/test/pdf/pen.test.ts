import assert from 'node:assert/strict';
import test from 'node:test';
import type { Ink, SpotInk } from '../../src/draw/ink.ts';
import type { Typeface } from '../../src/font/typeface.ts';
import { PdfPen } from '../../src/pdf/pen.ts';
import { PdfResources, type ResourceLists } from '../../src/pdf/resources.ts';
import { Refusal } from '../../src/refusal.ts';
import { readPdf } from './read-pdf.ts';
import { black, checkWithQpdf, pdfOf, scratch } from './sample-file.ts';

function drawn(draw: (pen: PdfPen) => void, lists: ResourceLists = { spots: [scratch] }): string {
  const pen = new PdfPen(new PdfResources(lists), { codes: 'mask' });
  draw(pen);
  return Buffer.from(pen.bytes()).toString('latin1');
}

function face(name: string, glyphCount = 0x8000): Typeface {
  return {
    name,
    glyphCount,
    ascent: 800,
    descent: -200,
    capHeight: 700,
    glyphOf: (codePoint) => codePoint,
    advanceOf: () => 500,
    outlineOf: () => '',
  };
}

const panel: Ink = { kind: 'spot', spot: scratch, tint: 0.5, overprint: true };

test('an ink is set once, however often it is asked for, also by an equal object', () => {
  const content = drawn((pen) => {
    pen.ink(black);
    pen.rect(0, 0, 1, 1);
    pen.ink({ kind: 'cmyk', cmyk: [0, 0, 0, 1] });
    pen.rect(1, 0, 1, 1);
  });
  assert.equal(content, '0 0 0 1 k\n0 0 1 1 re f\n1 0 1 1 re f\n');
});

test('a spot ink is a tint of its own space, with overprint on while it is used', () => {
  const content = drawn((pen) => {
    pen.ink(panel);
    pen.rect(0, 0, 2, 1);
    pen.ink(black);
    pen.rect(0, 0, 1, 1);
  });
  assert.equal(content, '/S0 cs .5 scn\n/G1 gs\n0 0 2 1 re f\n0 0 0 1 k\n/G0 gs\n0 0 1 1 re f\n');
});

test('registration marks print on every plate', () => {
  const content = drawn((pen) => {
    pen.ink({ kind: 'registration', tint: 1 });
    pen.line(0, 0, 0, 9, 0.25);
  });
  assert.equal(content, '/A CS 1 SCN\n.25 w\n0 0 m 0 9 l S\n');
});

test('a form trusts nothing that its page may have set', () => {
  const content = drawn(
    (pen) => {
      pen.reset('form');
      pen.ink(black);
      pen.text(face('sans'), 9, 1, 2, [65], 0);
    },
    { typefaces: [face('sans')] },
  );
  assert.equal(content, '0 0 0 1 k\n/G0 gs\nBT /F0 9 Tf 0 Tc 1 2 Td(\0A)Tj ET\n');
});

test('within: state that is restored is set again only where it differs, and no ink reaches in', () => {
  const content = drawn((pen) => {
    pen.ink(black);
    pen.rect(0, 0, 1, 1);
    pen.within([0, 1, -1, 0, 5, 6.25], () => {
      assert.throws(() => pen.rect(0, 0, 1, 1), /before an ink is set/);
      pen.ink(panel);
      pen.rect(0, 0, 2, 2);
    }, [0, 0, 9, 9]);
    pen.rect(0, 0, 3, 3);
  });
  assert.equal(
    content,
    '0 0 0 1 k\n0 0 1 1 re f\nq 0 1 -1 0 5 6.25 cm\n0 0 9 9 re W n\n/S0 cs .5 scn\n/G1 gs\n0 0 2 2 re f\nQ\n0 0 3 3 re f\n',
  );
});

test('text: two bytes a glyph, delimiters escaped, typeface and spacing set once', () => {
  const mono = face('mono');
  const sans = face('sans');
  const content = drawn(
    (pen) => {
      pen.ink(black);
      pen.text(mono, 9, 1, 2, [0x2829, 0x5c0d], 0);
      pen.text(mono, 9, 1, 3, [0x41], 0.5);
      pen.text(sans, 9, 1, 4, [0x41], 0.5);
      pen.text(sans, 9, 1, 5, [], 0.5);
    },
    { typefaces: [sans, mono] },
  );
  assert.equal(
    content,
    '0 0 0 1 k\nBT /F0 9 Tf 1 2 Td(\\(\\)\\\\\\r)Tj ET\nBT .5 Tc 1 3 Td(\0A)Tj ET\nBT /F1 9 Tf 1 4 Td(\0A)Tj ET\n',
  );
});

test('used glyphs are gathered over all drawings until they are taken', () => {
  const sans = face('sans', 70);
  const pen = new PdfPen(new PdfResources({ typefaces: [sans] }), { codes: 'mask' });
  for (const glyph of [1, 65]) {
    pen.reset();
    pen.ink(black);
    pen.text(sans, 9, 0, 0, [glyph], 0);
  }
  assert.deepEqual([...pen.usedGlyphs[0]!], [2, 0, 0, 0, 0, 0, 0, 0, 2]);
  assert.deepEqual([...pen.takeUsedGlyphs()[0]!], [1, 65]);
  assert.deepEqual([...pen.usedGlyphs[0]!], new Array(9).fill(0));
  assert.throws(() => pen.text(sans, 9, 0, 0, [72], 0), /no glyph 72/);
  assert.throws(() => pen.text(face('serif'), 9, 0, 0, [1], 0), /not among/);
});

test('an impossible ink is a bug', () => {
  for (const part of [-0.1, 1.01, Number.NaN])
    assert.throws(() => drawn((pen) => pen.ink({ kind: 'cmyk', cmyk: [0, 0, 0, part] })), RangeError);
});

test('names do not depend on the order of the lists', () => {
  const [a, b, c]: SpotInk[] = ['白', 'Gold', 'Ä'].map((name) => ({ name, cmyk: [0, 0, 0, 1] }));
  const one = new PdfResources({ spots: [a!, b!, c!], forms: ['y', 'x', 'y'] });
  const other = new PdfResources({ spots: [c!, a!, b!, { ...a! }], forms: ['x', 'y'] });
  assert.deepEqual(one.spots, other.spots);
  assert.deepEqual(one.forms, ['x', 'y']);
  assert.deepEqual(
    [a, b, c].map((spot) => other.spotIndex(spot!)),
    [2, 0, 1],
  );
});

const unusable = ['', '  ', 'All', 'None', 'Black', 'black', 'Cyan', 'a\nb', '\ud800', '刮'.repeat(43)];

for (const name of unusable) {
  test(`no plate is called ${JSON.stringify(name.slice(0, 8))}`, () => {
    const make = () => new PdfResources({ spots: [{ name, cmyk: [0, 0, 0, 1] }] });
    assert.throws(make, (error) => error instanceof Refusal && error.code === 'spot-ink-name-unusable');
  });
}

test('one spot ink cannot have two colours', () => {
  const spots: SpotInk[] = [scratch, { ...scratch, cmyk: [1, 0, 0, 0] }];
  assert.throws(
    () => new PdfResources({ spots }),
    (error) => error instanceof Refusal && error.code === 'spot-ink-conflict',
  );
});

test('spot names with blanks, delimiters and Chinese come back as they were', async () => {
  const names = ['Scratch 刮刮层', 'White', 'Lack #1 (matt)', '/[<%>]/', '烫金 Gold 𠮷', 'Café'];
  const spots = names.map((name): SpotInk => ({ name, cmyk: [0, 0.1, 0.2, 0.3] }));
  const bytes = await pdfOf(
    ({ pen, addPage }) => {
      for (const spot of spots) {
        pen.ink({ kind: 'spot', spot, tint: 1 });
        pen.rect(0, 0, 1, 1);
      }
      addPage();
    },
    { lists: { spots } },
  );
  checkWithQpdf(bytes);
  const pdf = readPdf(bytes);
  const found = [...pdf.objects.values()].flatMap((value) =>
    Array.isArray(value) && value[0] === '/Separation' ? [decodedName(String(value[1]))] : [],
  );
  assert.deepEqual(found.sort(), [...names].sort());
});

/** qpdf 11 writes names with #xx where they are no UTF-8 or need it, later ones without. */
function decodedName(name: string): string {
  const bytes = name
    .slice(1)
    .replace(/#([0-9a-fA-F]{2})|([^\0-\u007f]+)/gu, (_, code: string, text: string) =>
      code ? String.fromCharCode(Number.parseInt(code, 16)) : Buffer.from(text).toString('latin1'),
    );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
