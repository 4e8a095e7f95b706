import fc from 'fast-check';
import { parsePress } from '../../src/press/parse.ts';
import type { PressProfile } from '../../src/press/schema.ts';

export const cr80 = { widthMm: 85.6, heightMm: 53.98 };

/** Presses of all kinds whose sheets are large enough. */
export const anyPress: fc.Arbitrary<PressProfile> = fc
  .record({
    dotsPerInch: fc.constantFrom(300, 600, 1200, 2400, 203),
    bleedMm: fc.constantFrom(0, 1.5, 3),
    columns: fc.integer({ min: 1, max: 4 }),
    rows: fc.integer({ min: 1, max: 5 }),
    gutterXMm: fc.constantFrom(0, 2, 4, 11),
    gutterYMm: fc.constantFrom(0, 2, 4, 11),
    gripperEdge: fc.constantFrom('top', 'left', 'right', 'bottom'),
    marginMm: fc.constantFrom(0, 3, 7.3),
    cards: fc.constantFrom('upright', 'quarter-turn'),
    turn: fc.constantFrom('side', 'head'),
    back: fc.constantFrom('head-to-head', 'head-to-foot'),
    colourBar: fc.constantFrom(false, true, 'top', 'left', 'right', 'bottom'),
  })
  .map(({ dotsPerInch, bleedMm, turn, back, colourBar, ...sheet }) =>
    parsePress({
      version: 1,
      name: 'any',
      dotsPerInch,
      bleedMm,
      sheet: { widthMm: 477.7, heightMm: 555.1, gripperMm: 12, ...sheet },
      duplex: { turn, back },
      marks: { crop: true, registration: true, colourBar, slug: sheet.columns > 2, stackNumbers: true },
    }),
  );
