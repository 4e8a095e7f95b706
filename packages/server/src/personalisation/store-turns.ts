/** What a page's turn at the database came to. */
export interface Turn<T> {
  readonly result: T;
  /** Whether callers of the gateway were served lately: then the next page waits. Undefined where nobody looked. */
  readonly callersAbout: boolean | undefined;
}

/** Runs a piece of work in its turn. A piece that fails does not hold up the next. */
export type TakeTurn = <T>(work: () => Promise<Turn<T>>) => Promise<T>;

export interface TurnParts {
  readonly pause: (ms: number) => Promise<void>;
  /** A clock that only goes forward. */
  readonly nowMs: () => number;
}

/** So many pages are stored at once while nobody else is there. More bring nothing on two cores. */
const storedTogether = 2;
/** In company, the database is left to the others for so many times as long as a page took. */
const restFactor = 2;
const longestRestMs = 200;

/**
 * The turns of a process's fetches at the database. Pages are waited for several at once, because the platform is far
 * away; to store one is heavy work next to the gateway's own, and callers must not feel it. While they are about, pages
 * are stored one by one, with rests between them.
 */
export function storeTurns({ pause, nowMs }: TurnParts): TakeTurn {
  const waiting: (() => void)[] = [];
  let storing = 0;
  let inCompany = false;
  let restUntilMs = 0;
  const admit = (): void => {
    while (waiting.length > 0 && storing < (inCompany ? 1 : storedTogether)) {
      storing++;
      waiting.shift()?.();
    }
  };
  return async (work) => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      admit();
    });
    try {
      const restMs = restUntilMs - nowMs();
      if (restMs > 0) await pause(restMs);
      const startedMs = nowMs();
      const { result, callersAbout } = await work();
      inCompany = callersAbout ?? inCompany;
      const endedMs = nowMs();
      restUntilMs = inCompany ? endedMs + Math.min(restFactor * (endedMs - startedMs), longestRestMs) : 0;
      return result;
    } finally {
      storing--;
      admit();
    }
  };
}
