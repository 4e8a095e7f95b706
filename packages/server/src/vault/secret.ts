import { inspect } from 'node:util';

const mask = '***';

/**
 * A value that nobody prints by accident: as text, as JSON, in a log, an error or a debugger's `inspect` it is `***`.
 * Whoever needs the value says so with `reveal()`.
 */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return mask;
  }

  toJSON(): string {
    return mask;
  }

  [Symbol.toPrimitive](): string {
    return mask;
  }

  [inspect.custom](): string {
    return mask;
  }
}
