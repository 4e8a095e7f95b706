import { Refusal } from '../refusal.ts';
import { checkCodeText, type Fnc1 } from './code-text.ts';
import { createDataMatrixPlan, type DataMatrixPlan } from './data-matrix-placement.ts';
import { type DataMatrixShape, type DataMatrixSize, dataMatrixSizes } from './data-matrix-sizes.ts';
import { createDataMatrixText } from './data-matrix-text.ts';
import { createDivisor, createGaloisField, type Divisor, writeCheckBytes } from './galois.ts';
import type { Modules } from './modules.ts';

export interface DataMatrixOptions {
  /** Square unless told otherwise. */
  readonly shape?: DataMatrixShape;
  /** No symbol of fewer modules in width: for a run whose symbols shall all have one size. */
  readonly minWidth?: number;
  readonly fnc1?: Fnc1;
}

export interface DataMatrixEncoder {
  /**
   * The smallest symbol that holds the text. It is valid until the next call, which may write into the same bytes. A text
   * of ASCII is carried as it is, any other as UTF-8 with ECI 26.
   * @throws Refusal `code-empty`, `code-text-broken`, `code-character-unsupported` (GS1 beyond ASCII), `code-too-long`.
   */
  encode(text: string): Modules;
}

/** Digits that the largest symbol holds. */
const maxCharacters = 3116;
const quietModules = 1;
const field = createGaloisField(0x12d);

/** Data Matrix ECC 200 by ISO/IEC 16022:2006. An encoder keeps its buffers and belongs to one thread. */
export function createDataMatrixEncoder(options: DataMatrixOptions = {}): DataMatrixEncoder {
  const { shape = 'square', minWidth = 0, fnc1 = 'none' } = options;
  const sizes = dataMatrixSizes(shape).filter(({ width }) => width >= minWidth);
  const largest = sizes.at(-1);
  if (largest === undefined) throw new RangeError(`no ${shape} is ${minWidth} modules wide`);
  const presses = new Map<DataMatrixSize, (write: (codewords: Uint8Array) => void) => Modules>();
  const utf8 = new TextEncoder();
  const encodation = createDataMatrixText(maxCharacters * 3);

  return {
    encode: (text) => {
      checkCodeText(text, maxCharacters);
      const { written } = utf8.encodeInto(text, encodation.bytes);
      const isUtf8 = written > text.length;
      if (isUtf8 && fnc1 === 'gs1')
        throw new Refusal('code-character-unsupported', 'GS1 element strings are ASCII, this text is not');
      encodation.take(written, isUtf8, fnc1);
      const size = sizes.find(({ dataCodewords }) => encodation.fits(dataCodewords));
      if (size === undefined) throw tooLong(encodation.least(), largest);
      const press = presses.get(size) ?? createSymbolPress(size);
      presses.set(size, press);
      return press((codewords) => {
        encodation.write(codewords, size.dataCodewords);
      });
    },
  };
}

function tooLong(codewords: number, { width, height, dataCodewords }: DataMatrixSize): Refusal {
  return new Refusal(
    'code-too-long',
    `the text needs ${codewords} codewords; a Data Matrix of ${width} × ${height} modules holds ${dataCodewords}`,
  );
}

function createSymbolPress(size: DataMatrixSize): (write: (codewords: Uint8Array) => void) => Modules {
  const plan: DataMatrixPlan = createDataMatrixPlan(size);
  const { dataCodewords, checkCodewords, blocks } = size;
  const divisor: Divisor = createDivisor(field, checkCodewords / blocks, 1);
  const codewords = new Uint8Array(dataCodewords + checkCodewords);
  const bits = new Uint8Array(plan.pattern.length);
  const symbol: Modules = { width: size.width, height: size.height, bits, quiet: quietModules };
  return (write) => {
    write(codewords);
    for (let block = 0; block < blocks; block++) {
      const length = Math.ceil((dataCodewords - block) / blocks);
      writeCheckBytes(divisor, codewords, block, length, blocks, codewords, dataCodewords + block);
    }
    bits.set(plan.pattern);
    for (let bit = 0; bit < plan.bytePlaces.length; bit++) {
      const place = plan.bytePlaces[bit]!;
      bits[place >> 3]! |= ((codewords[bit >> 3]! >> (7 - (bit & 7))) & 1) << (place & 7);
    }
    return symbol;
  };
}
