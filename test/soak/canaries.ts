import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Where canaries were found, and how much was looked through. */
export interface Search {
  readonly found: readonly string[];
  readonly files: number;
  readonly bytes: number;
}

/**
 * Looks for canaries in the bytes of texts and files: plain, as UTF-16, as hexadecimal digits, as base64 at each offset,
 * and in gzip streams. Canaries are letters and digits of one of a few lengths, which makes a million of them one lookup.
 */
export class CanarySearch {
  readonly #byLength = new Map<number, Set<string>>();
  readonly #others: readonly string[];
  readonly #found = new Map<string, number>();
  #files = 0;
  #bytes = 0;

  /** Those of other signs than letters and digits are searched one by one. */
  constructor(canaries: Iterable<string>) {
    const others = new Set<string>();
    for (const canary of canaries) {
      if (!/^[0-9A-Za-z]{10,}$/.test(canary)) {
        others.add(canary);
        continue;
      }
      const same = this.#byLength.get(canary.length) ?? new Set();
      this.#byLength.set(canary.length, same.add(canary));
    }
    this.#others = [...others];
  }

  folder(folder: string, leaveOut: (path: string) => boolean = () => false): void {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || leaveOut(path)) continue;
      try {
        this.bytes(path, readFileSync(path));
      } catch (error) {
        // PostgreSQL may have removed it meanwhile.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }

  bytes(where: string, bytes: Buffer): void {
    this.#files++;
    this.#bytes += bytes.length;
    this.#lookThrough(where, bytes, 'plain', 0);
  }

  result(): Search {
    const found = [...this.#found].map(([where, times]) => `${times} canaries in ${where}`);
    return { found, files: this.#files, bytes: this.#bytes };
  }

  #lookThrough(where: string, bytes: Buffer, how: string, depth: number): void {
    const text = bytes.toString('latin1');
    this.#lookAt(`${where} (${how})`, text, bytes);
    if (depth >= 2) return;
    for (const wide of bytes.length < 24 ? [] : [squeezed(text, 0), squeezed(text, 1)])
      this.#lookAt(`${where} (${how}, UTF-16)`, wide, Buffer.from(wide, 'latin1'));
    for (const [digits] of text.matchAll(/[0-9A-Fa-f]{20,}/g))
      for (const from of [0, 1])
        this.#unwrap(where, Buffer.from(digits.slice(from), 'hex'), `${how}, hex`, depth);
    for (const [run] of text.matchAll(/[0-9A-Za-z+/_-]{14,}/g))
      for (const from of [0, 1, 2, 3])
        this.#unwrap(where, Buffer.from(run.slice(from), 'base64'), `${how}, base64`, depth);
    for (let at = text.indexOf('\x1f\x8b\x08'); at >= 0; at = text.indexOf('\x1f\x8b\x08', at + 1)) {
      const unpacked = gunzipped(bytes.subarray(at));
      if (unpacked !== undefined) this.#lookThrough(where, unpacked, `${how}, gzip`, depth + 1);
    }
  }

  #unwrap(where: string, bytes: Buffer, how: string, depth: number): void {
    const text = bytes.toString('latin1');
    this.#lookAt(`${where} (${how})`, text, bytes);
    if (depth === 0 && bytes.length >= 24 && text.includes('\x1f\x8b\x08'))
      this.#lookThrough(where, bytes, how, depth + 1);
  }

  #lookAt(where: string, text: string, bytes: Buffer): void {
    for (const [run] of text.matchAll(/[0-9A-Za-z]{10,}/g)) {
      for (const [length, canaries] of this.#byLength)
        for (let from = 0; from + length <= run.length; from++)
          if (canaries.has(run.slice(from, from + length))) this.#note(where);
    }
    for (const canary of this.#others) if (bytes.includes(canary)) this.#note(where);
  }

  #note(where: string): void {
    this.#found.set(where, (this.#found.get(where) ?? 0) + 1);
  }
}

/** Texts of ASCII in UTF-16, the zeros left out: those that begin at an even place, or at an odd one. */
function squeezed(text: string, from: 0 | 1): string {
  const runs: string[] = [];
  const pattern = /(?:[0-9A-Za-z]\x00){10,}/g;
  for (const [run] of text.slice(from).matchAll(pattern)) runs.push(run.replaceAll('\x00', ''));
  return runs.join(' ');
}

function gunzipped(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: 64 * 1024 * 1024 });
  } catch {
    return undefined;
  }
}
