import { Refusal, type RefusalPlace } from '../refusal.ts';
import { isDigits } from './check-digits.ts';

const laneDigits = 9;
const laneBase = 10 ** laneDigits;
const mostDigits = 3 * laneDigits;
/** So many numbers below `laneBase` add up to less than 2^53. */
const addsBeforeCarry = 9_000_000;

/** The sum of a column's whole numbers (哈希总数) of up to 27 digits: in lanes, as a big integer per card costs more than the card. */
export class HashTotal {
  #low = 0;
  #middle = 0;
  #high = 0;
  #carried = 0n;
  #adds = 0;

  /** Throws `perso-number-malformed` for anything but 1 to 27 digits. */
  add(text: string, place: RefusalPlace): void {
    if (!isDigits(text) || text.length > mostDigits) {
      throw new Refusal('perso-number-malformed', `only 1 to ${mostDigits} digits can be summed`, place);
    }
    const end = text.length;
    this.#low += Number(text.slice(-laneDigits));
    if (end > laneDigits)
      this.#middle += Number(text.slice(Math.max(0, end - 2 * laneDigits), end - laneDigits));
    if (end > 2 * laneDigits) this.#high += Number(text.slice(0, end - 2 * laneDigits));
    if (++this.#adds % addsBeforeCarry === 0) this.#carry();
  }

  toString(): string {
    this.#carry();
    return String(this.#carried);
  }

  #carry(): void {
    const base = BigInt(laneBase);
    this.#carried += BigInt(this.#low) + (BigInt(this.#middle) + BigInt(this.#high) * base) * base;
    this.#low = 0;
    this.#middle = 0;
    this.#high = 0;
  }
}
