/** How far long work has come, on standard error: one line that is written anew on a terminal, one every ten seconds in a log. */
export class Progress {
  readonly #startedAtMs = performance.now();
  readonly #isTerminal: boolean;
  #toldAtMs = performance.now();
  #isLineOpen = false;

  constructor(isTerminal = process.stderr.isTTY === true) {
    this.#isTerminal = isTerminal;
  }

  tell(what: string, done: number, of: number | undefined): void {
    const nowMs = performance.now();
    if (nowMs - this.#toldAtMs < (this.#isTerminal ? 100 : 10_000)) return;
    this.#toldAtMs = nowMs;
    const rate = done / ((nowMs - this.#startedAtMs) / 1000);
    const part = of === undefined ? '' : ` / ${formatCount(of)} (${Math.floor((100 * done) / of)} %)`;
    const left = of === undefined || rate === 0 ? '' : `, ${formatSeconds((of - done) / rate)} left`;
    const line = `${what} ${formatCount(done)}${part}, ${formatCount(Math.round(rate))}/s${left}`;
    process.stderr.write(this.#isTerminal ? `\r\x1b[K${line}` : `${line}\n`);
    this.#isLineOpen = this.#isTerminal;
  }

  end(): void {
    if (this.#isLineOpen) process.stderr.write('\r\x1b[K');
    this.#isLineOpen = false;
  }
}

export const formatCount = (count: number): string => count.toLocaleString('en-US');

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 1000 && unit + 1 < units.length) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
}

export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
