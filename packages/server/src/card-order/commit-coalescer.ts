/**
 * Lets concurrent callers share a commit. A lone caller is sent at once; whoever comes while all lanes are busy
 * waits for the next free lane and goes with everybody else who waits. There is no timer, so nobody ever waits for
 * company.
 */
export class CommitCoalescer<In, Out> {
  readonly #run: (batch: readonly In[]) => Promise<readonly Out[]>;
  readonly #lanes: number;
  readonly #maxBatch: number;
  readonly #maxWaiting: number;
  readonly #isOneInputsFault: (error: unknown) => boolean;
  #waiting: Waiter<In, Out>[] = [];
  #busyLanes = 0;

  /**
   * `lanes`: batches under way at once (each takes a connection); `maxWaiting`: more are refused with `Overloaded`;
   * `isOneInputsFault`: tells a bad input from a broken database, where trying one by one would only take longer.
   */
  constructor(
    run: (batch: readonly In[]) => Promise<readonly Out[]>,
    bounds: {
      lanes: number;
      maxBatch: number;
      maxWaiting: number;
      isOneInputsFault: (error: unknown) => boolean;
    },
  ) {
    this.#run = run;
    this.#lanes = bounds.lanes;
    this.#maxBatch = bounds.maxBatch;
    this.#maxWaiting = bounds.maxWaiting;
    this.#isOneInputsFault = bounds.isOneInputsFault;
  }

  submit(input: In): Promise<Out> {
    if (this.#waiting.length >= this.#maxWaiting) return Promise.reject(new Overloaded());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ input, resolve, reject });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#busyLanes < this.#lanes && this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#maxBatch);
      this.#busyLanes++;
      void this.#send(batch).finally(() => {
        this.#busyLanes--;
        this.#dispatch();
      });
    }
  }

  async #send(batch: readonly Waiter<In, Out>[]): Promise<void> {
    try {
      const results = await this.#run(batch.map((waiter) => waiter.input));
      batch.forEach((waiter, index) => {
        waiter.resolve(results[index] as Out);
      });
    } catch (error) {
      // One bad order must not fail its neighbours: alone, each gets its own answer. Repeating is safe by design.
      if (batch.length > 1 && this.#isOneInputsFault(error)) {
        for (const waiter of batch) await this.#send([waiter]);
      } else {
        for (const waiter of batch) waiter.reject(error);
      }
    }
  }
}

interface Waiter<In, Out> {
  readonly input: In;
  readonly resolve: (value: Out) => void;
  readonly reject: (error: unknown) => void;
}

/** Too many callers wait already: an honest "busy" is better than a late answer. */
export class Overloaded extends Error {
  constructor() {
    super('too many orders are waiting to be stored');
  }
}
