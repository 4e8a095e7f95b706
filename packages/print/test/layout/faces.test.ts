import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { compileLayout } from '../../src/layout/compile.ts';
import { compiledOf, drawn, fonts, layoutOf, refused } from './compiled.ts';
import { RecordingPen } from './recording-pen.ts';

const spots = [{ name: 'Scratch 刮刮层', cmyk: [0, 0, 0, 0.6] }];
const box = (xMm: number, yMm: number) => ({ xMm, yMm, widthMm: 20, heightMm: 6 });
const rect = (xMm: number, yMm: number, more: object = {}) => ({ type: 'rect', ...box(xMm, yMm), ...more });
const text = (value: string, xMm: number, yMm: number) => ({
  type: 'text',
  value,
  sizePt: 8,
  ...box(xMm, yMm),
});
const panel = {
  type: 'panel',
  spot: 'Scratch 刮刮层',
  layer: 'scratch',
  ...box(9, 9),
  widthMm: 24,
  heightMm: 9,
};

function callsOf(layout: ReturnType<typeof layoutOf>, holds?: (layer: string) => boolean) {
  const face = compiledOf(layout).face('front', holds);
  const [statics, variables] = [new RecordingPen(), new RecordingPen()];
  face.drawStatic(statics);
  face.drawVariable(variables, ['x'], 1);
  assert.equal(face.hasStatic, statics.calls.length > 0);
  assert.equal(face.hasVariable, variables.calls.length > 0);
  return { statics: statics.calls, variables: variables.calls };
}

suite('the faces of a compiled layout', () => {
  test('draw once what is the same on every card', () => {
    const { statics, variables } = callsOf(layoutOf([rect(0, 0), text('Card', 10, 10), text('{t}', 10, 20)]));
    assert.deepEqual(statics, ['rect 0.00 136.01 56.69 17.01', 'text Card']);
    assert.deepEqual(variables, ['text x']);
  });

  test('keep a static element above the variable one that it overlaps, and all that it carries', () => {
    const layout = layoutOf([
      text('{t}', 10, 10),
      rect(12, 12),
      text('on it', 12, 12),
      text('aside', 50, 40),
    ]);
    const { statics, variables } = callsOf(layout);
    assert.deepEqual(statics, ['text aside']);
    assert.deepEqual(
      variables.map((call) => (call.split(' ')[0] === 'rect' ? 'rect' : call)),
      ['text x', 'rect', 'text on it'],
    );
  });

  test('hold the layers that are asked for: alone, a scratch panel is the same on every card', () => {
    const layout = layoutOf([text('{t}', 10, 10), panel], { spots });
    assert.equal(callsOf(layout).variables.length, 2);
    const scratch = callsOf(layout, (layer) => layer === 'scratch');
    assert.deepEqual([scratch.statics.length, scratch.variables.length], [1, 0]);
    const print = callsOf(layout, (layer) => layer !== 'scratch');
    assert.deepEqual([print.statics, print.variables], [[], ['text x']]);
    assert.deepEqual(compiledOf(layout).layers, ['print', 'scratch']);
  });

  test('draw black alone unless told, spots by name and tint, panels overprinting', () => {
    const inked = { ink: { spot: 'Scratch 刮刮层', tint: 0.5 } };
    const { inks } = drawn(layoutOf([text('{t}', 10, 30), rect(50, 40, inked), panel], { spots }), ['x']);
    assert.deepEqual(
      inks.map((ink) => (ink.kind === 'spot' ? [ink.spot.name, ink.tint, ink.overprint] : ink)),
      [['Scratch 刮刮层', 0.5, false], ['Scratch 刮刮层', 1, true], { kind: 'cmyk', cmyk: [0, 0, 0, 1] }],
    );
  });

  test('need their columns, fonts and pictures', () => {
    const layout = layoutOf([text('{t}', 10, 10)]);
    const resources = { fonts, artworks: new Map(), columns: ['other'], dotsPerInch: 600 };
    assert.throws(
      () => compileLayout(layout, resources),
      refused('record-field-missing', /front\[0\]\.value: no column t/),
    );
    assert.throws(
      () => compiledOf(layout, { fonts: new Map() }),
      refused('layout-font-missing', /front\[0\]\.font: sans/),
    );
    const image = { type: 'image', artwork: 'bg', ...box(0, 0) };
    const withImage = layoutOf([image], { artworks: { bg: { file: 'bg.png' } } });
    assert.throws(() => compiledOf(withImage), refused('layout-artwork-missing', /bg/));
  });

  test('take a row that is too short for a bug', () => {
    assert.throws(() => drawn(layoutOf([text('{t}', 10, 10)]), []), RangeError);
  });
});
