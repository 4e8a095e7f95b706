import { type RefusalCode, refusals } from './refusals.ts';

export { type RefusalCode, refusals };

export interface RefusalPlace {
  /** The record's number in its file, from 1. */
  readonly recordNo?: number;
  /** The line in the file, from 1. */
  readonly line?: number;
  /** The column, setting or element: a path such as `front.elements[2].value`. */
  readonly at?: string;
  readonly file?: string;
}

/**
 * Work that this package will not do, with the code, the place and a detail free of secrets. Thrown inside a run, where
 * a return value would cost every card a check; the package's public doors catch it and return it.
 */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly place: RefusalPlace;
  readonly detail: string;

  constructor(code: RefusalCode, detail: string, place: RefusalPlace = {}) {
    const { zh, en, next } = refusals[code];
    const where = [
      place.file,
      place.recordNo === undefined ? undefined : `record ${place.recordNo}`,
      place.line === undefined ? undefined : `line ${place.line}`,
      place.at,
    ].filter((part) => part !== undefined);
    super(`${code}: ${[...where, detail].join(': ')}. ${en} · ${zh}. ${next}`);
    this.name = 'Refusal';
    this.code = code;
    this.place = place;
    this.detail = detail;
  }
}

/** A refusal from a deeper place with the place that its caller knows; any other error as it is. */
export function refusedAt(error: unknown, place: RefusalPlace): unknown {
  if (!(error instanceof Refusal)) return error;
  return new Refusal(error.code, error.detail, { ...place, ...error.place });
}
