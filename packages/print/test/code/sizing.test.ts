import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createCode128Encoder } from '../../src/code/code-128.ts';
import { createQrEncoder } from '../../src/code/qr.ts';
import { fitSymbol, snapModule, symbolSize } from '../../src/code/sizing.ts';
import { Refusal } from '../../src/refusal.ts';

const version4 = createQrEncoder({ level: 'M' }).encode(
  'https://card.example.cn/q/7Gk2mPq9XwZtR4bVn8cYh3LfD5sJa6Ne1u',
);
const square = (sideMm: number) => ({ widthMm: sideMm, heightMm: sideMm });

test('an address of 60 bytes at 300 dpi is 13.9 mm with its quiet zone', () => {
  const size = symbolSize(version4, 4, 300);
  assert.equal(size.moduleMm.toFixed(3), '0.339');
  assert.equal(size.fullWidthMm.toFixed(2), '13.89');
  assert.equal(size.widthMm.toFixed(2), '11.18');
  assert.deepEqual(fitSymbol(version4, square(13.89), { dotsPerInch: 300 }), size);
});

test('a place gets the largest modules that fit', () => {
  assert.equal(fitSymbol(version4, square(18), { dotsPerInch: 300 }).moduleDots, 5);
  assert.equal(fitSymbol(version4, square(18), { dotsPerInch: 600 }).moduleDots, 10);
  assert.equal(fitSymbol(version4, { widthMm: 40, heightMm: 18 }, { dotsPerInch: 600 }).moduleDots, 10);
});

test('a place that is too small is refused with what it needs, and what it needs is enough', () => {
  const isTelling = (error: unknown): boolean =>
    error instanceof Refusal &&
    error.code === 'code-too-small' &&
    error.place.at === 'back[0]' &&
    /33 × 33 modules of 4 dots at 300 dpi need 13\.89 mm × 13\.89 mm .* gives 12\.00 mm × 20\.00 mm, room for 3 dots/.test(
      error.detail,
    );
  assert.throws(
    () => fitSymbol(version4, { widthMm: 12, heightMm: 20 }, { dotsPerInch: 300 }, { at: 'back[0]' }),
    isTelling,
  );
  assert.equal(fitSymbol(version4, square(12), { dotsPerInch: 300, minDots: 3 }).moduleDots, 3);
  assert.equal(fitSymbol(version4, square(12), { dotsPerInch: 600 }).moduleDots, 6);
});

test('a linear symbol is as wide as its modules and as high as one likes', () => {
  const symbol = createCode128Encoder().encode('BOX-000123');
  const size = fitSymbol(symbol, { widthMm: 60, heightMm: 3 }, { dotsPerInch: 300 });
  assert.equal(size.fullHeightMm, size.moduleMm);
  assert.equal(size.fullWidthMm.toFixed(3), ((symbol.width + 20) * size.moduleMm).toFixed(3));
  assert.throws(() => fitSymbol(symbol, { widthMm: 20, heightMm: 9 }, { dotsPerInch: 300 }), /mm in width/);
});

test('a fitted symbol fits, and one more dot a module would not', () => {
  const grid = fc.record({ width: fc.integer({ min: 10, max: 177 }), quiet: fc.constantFrom(1, 4) });
  const sideMm = fc.double({ min: 1, max: 200, noNaN: true });
  fc.assert(
    fc.property(
      grid,
      sideMm,
      fc.constantFrom(203, 300, 600, 1200, 2400),
      ({ width, quiet }, side, dotsPerInch) => {
        const symbol = { width, height: width, quiet };
        const needed = symbolSize(symbol, 4, dotsPerInch).fullWidthMm;
        if (side < needed - 1e-3) {
          assert.throws(() => fitSymbol(symbol, square(side), { dotsPerInch }), Refusal);
        } else if (side > needed) {
          const { moduleDots, fullWidthMm } = fitSymbol(symbol, square(side), { dotsPerInch });
          assert.ok(fullWidthMm <= side + 1e-3);
          assert.ok(symbolSize(symbol, moduleDots + 1, dotsPerInch).fullWidthMm > side);
        }
      },
    ),
  );
});

test('a wanted module is snapped to whole dots, at least four', () => {
  assert.equal(snapModule(0.4, { dotsPerInch: 600 }), 9);
  assert.equal(snapModule(0.1, { dotsPerInch: 300 }), 4);
  assert.equal(snapModule(0.1, { dotsPerInch: 300, minDots: 2 }), 2);
});
