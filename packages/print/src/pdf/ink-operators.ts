import type { Ink } from '../draw/ink.ts';
import { ContentBuffer } from './content-buffer.ts';
import type { PdfResources } from './resources.ts';

/** The operators that set one ink, made once and then copied. Equal inks share one. */
export interface InkOperators {
  readonly fill: Uint8Array;
  readonly stroke: Uint8Array;
  readonly isOverprinting: boolean;
}

/** Names of the graphics states and of the space that prints on every plate, in every resource dictionary. */
export const overprintOn = '/G1';
export const overprintOff = '/G0';
export const allPlates = '/A';

/** Turns inks into operators; layouts make few inks and use them a million times. */
export class InkCompiler {
  readonly #resources: PdfResources;
  readonly #byInk = new WeakMap<Ink, InkOperators>();
  readonly #byText = new Map<string, InkOperators>();
  readonly #buffer = new ContentBuffer();

  constructor(resources: PdfResources) {
    this.#resources = resources;
  }

  operatorsOf(ink: Ink): InkOperators {
    const former = this.#byInk.get(ink);
    if (former) return former;
    const isOverprinting = ink.kind !== 'registration' && ink.overprint === true;
    const fill = this.#bytes(ink, 'k', 'cs', 'scn');
    const key = `${isOverprinting}${Buffer.from(fill).toString('latin1')}`;
    const operators = this.#byText.get(key) ?? {
      fill,
      stroke: this.#bytes(ink, 'K', 'CS', 'SCN'),
      isOverprinting,
    };
    this.#byText.set(key, operators);
    this.#byInk.set(ink, operators);
    return operators;
  }

  #bytes(ink: Ink, process: string, space: string, colour: string): Uint8Array {
    const buffer = this.#buffer;
    buffer.clear();
    if (ink.kind === 'cmyk') {
      for (const part of ink.cmyk) buffer.number(checkedPart(part));
      buffer.ascii(`${process}\n`);
    } else {
      const name = ink.kind === 'spot' ? `/S${this.#resources.spotIndex(ink.spot)}` : allPlates;
      buffer.ascii(`${name} ${space} `);
      buffer.number(checkedPart(ink.tint));
      buffer.ascii(`${colour}\n`);
    }
    return buffer.bytes().slice();
  }
}

function checkedPart(part: number): number {
  if (!(part >= 0 && part <= 1)) throw new RangeError(`an ink's part is 0 to 1, not ${part}`);
  return part;
}
