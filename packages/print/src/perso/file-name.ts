import type { PressKey } from './press-key.ts';
import type { PersoProfile } from './profile.ts';

const extensions = { csv: '.csv', 'fixed-width': '.txt', jsonl: '.jsonl' } as const;

/**
 * The file's name for an id that the caller made, such as `job-17` → `job-17.csv.age`. Records are never part of it.
 * Throws RangeError for an id that is no plain name.
 */
export function persoFileName(id: string, profile: PersoProfile, pressKey?: PressKey): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(id)) throw new RangeError('the id is no plain name');
  return id + extensions[profile.format] + (pressKey?.extension ?? '');
}
