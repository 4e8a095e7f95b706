export interface ProgressPlace {
  readonly isTerminal: boolean;
  write(text: string): void;
  /** A clock that only runs forwards. */
  nowMs(): number;
}

const standardError: ProgressPlace = {
  get isTerminal() {
    return process.stderr.isTTY === true;
  },
  write: (text) => {
    process.stderr.write(text);
  },
  nowMs: () => performance.now(),
};

const firstLineAfterMs = 2_000;
const logLineEveryMs = 10_000;
const redrawEveryMs = 100;

/**
 * How far long work has come: on a terminal one line that is written anew, in a log one line after two seconds and one
 * every ten from then on. Short work says nothing.
 */
export class Progress {
  readonly #place: ProgressPlace;
  #nextAtMs: number;
  #isLineOpen = false;
  #what: string | undefined;
  /** When this kind of work began: with the last step of the one before. */
  #whatSinceMs: number;
  #lastStepAtMs: number;

  constructor(place: ProgressPlace = standardError) {
    this.#place = place;
    this.#whatSinceMs = place.nowMs();
    this.#lastStepAtMs = this.#whatSinceMs;
    this.#nextAtMs = this.#whatSinceMs + (place.isTerminal ? redrawEveryMs : firstLineAfterMs);
  }

  /** So many are done, `of` so many in all where that is known. Another `what` begins a rate of its own. */
  tell(what: string, done: number, of: number | undefined): void {
    const { isTerminal } = this.#place;
    const nowMs = this.#place.nowMs();
    if (this.#what !== undefined && what !== this.#what) this.#whatSinceMs = this.#lastStepAtMs;
    this.#what = what;
    this.#lastStepAtMs = nowMs;
    if (nowMs < this.#nextAtMs || done === of) return;
    this.#nextAtMs = nowMs + (isTerminal ? redrawEveryMs : logLineEveryMs);
    const rate = done / Math.max(0.001, (nowMs - this.#whatSinceMs) / 1000);
    const part = of === undefined ? '' : ` / ${formatCount(of)} (${Math.floor((100 * done) / of)} %)`;
    const left = of === undefined || rate === 0 ? '' : `, 剩余 left ${formatSeconds((of - done) / rate)}`;
    const line = `${what} ${formatCount(done)}${part}, ${formatCount(Math.round(rate))}/s${left}`;
    this.#place.write(isTerminal ? `\r\x1b[K${line}` : `${line}\n`);
    this.#isLineOpen = isTerminal;
  }

  /** Takes the line away from the terminal. */
  end(): void {
    if (this.#isLineOpen) this.#place.write('\r\x1b[K');
    this.#isLineOpen = false;
  }
}

export const formatCount = (count: number): string => count.toLocaleString('en-US');

/** `1 张卡 card`, `1,000 张卡 cards`. */
export function counted(count: number, zh: string, en: string): string {
  return `${formatCount(count)} ${zh} ${en}${count === 1 ? '' : 's'}`;
}

/** Time, and rate where anything was made. */
export function rateLine(done: number, what: string, seconds: number): string {
  const rate = done === 0 ? '' : `, ${formatCount(Math.round(done / seconds))} ${what}/s`;
  return `用时 took ${formatSeconds(seconds)}${rate}`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.95 && unit + 1 < units.length) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(value < 9.995 ? 2 : 1)} ${units[unit]}`;
}

export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes} min ${whole % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
