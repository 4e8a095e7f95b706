/**
 * A run of code that stops at each of its pauses until it is told to go on, so that a seed can decide who goes next.
 * Between two pauses it runs alone. One that is never told to go on is a process that was killed there.
 */
export class Strand {
  readonly name: string;
  /** Where it waits; undefined once it is over, or dead. */
  at: string | undefined;
  /** Its process died with it. */
  isDead = false;
  #go: () => void = () => undefined;
  #quiet = Promise.withResolvers<void>();

  constructor(name: string) {
    this.name = name;
  }

  /** Runs up to the first pause. */
  async start(run: () => Promise<void>): Promise<void> {
    this.at = 'start';
    void run().then(
      () => this.#end(),
      () => this.#end(),
    );
    await this.#quiet.promise;
  }

  /** Runs on to the next pause, or to the end. */
  async step(): Promise<void> {
    this.#quiet = Promise.withResolvers();
    this.#go();
    await this.#quiet.promise;
  }

  /** Called from inside. */
  pause(at: string): Promise<void> {
    this.at = at;
    const next = Promise.withResolvers<void>();
    this.#go = next.resolve;
    this.#quiet.resolve();
    return next.promise;
  }

  /** Called from inside: it never goes on. */
  die(): Promise<never> {
    this.isDead = true;
    this.#end();
    return new Promise(() => undefined);
  }

  get isOver(): boolean {
    return this.at === undefined;
  }

  #end(): void {
    this.at = undefined;
    this.#quiet.resolve();
  }
}
