/** Does things again until they are done: what the platform owes others must reach them at least once. */
export interface Repeater {
  /**
   * Runs `attempt` until it resolves to true, with growing pauses; resolves after the first attempt. A key is not
   * started twice: then it resolves after the attempt under way, or at once between two.
   */
  start(key: string, attempt: () => Promise<boolean>): Promise<void>;
  /** Starts nothing more and waits for the attempts under way. */
  close(): Promise<void>;
}

/** The n-th pause is `firstPauseMs` × 2^(n-1), at most `maxPauseMs`. `log` hears of attempts that threw. */
export function createRepeater(settings: {
  firstPauseMs: number;
  maxPauseMs: number;
  log: (line: string) => void;
}): Repeater {
  const underWay = new Map<string, Promise<void>>();
  const waiting = new Map<string, NodeJS.Timeout>();
  let closed = false;

  async function run(key: string, attempt: () => Promise<boolean>, pauseMs: number): Promise<void> {
    const done = await attempt().catch((error: unknown) => {
      settings.log(`! ${error instanceof Error ? error.message : 'unknown error'}`);
      return false;
    });
    underWay.delete(key);
    if (done || closed) return;
    const again = (): void => {
      waiting.delete(key);
      underWay.set(key, run(key, attempt, Math.min(pauseMs * 2, settings.maxPauseMs)));
    };
    waiting.set(key, setTimeout(again, pauseMs).unref());
  }

  return {
    start(key, attempt) {
      const present = underWay.get(key);
      if (present !== undefined) return present;
      if (closed || waiting.has(key)) return Promise.resolve();
      const first = run(key, attempt, settings.firstPauseMs);
      underWay.set(key, first);
      return first;
    },
    async close() {
      closed = true;
      for (const timer of waiting.values()) clearTimeout(timer);
      waiting.clear();
      await Promise.all(underWay.values());
    },
  };
}
