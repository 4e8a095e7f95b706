import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openWholeFile, removeLeftParts, type WholeFile } from '../file/whole-file.ts';

/** Writes one file whole or not at all; folders on its path that are missing are made, for nobody else to read. */
export async function writeOutput<T>(path: string, write: (file: WholeFile) => Promise<T>): Promise<T> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeLeftParts(folder);
  const file = await openWholeFile(path);
  try {
    const result = await write(file);
    await file.commit();
    return result;
  } finally {
    await file.abort();
  }
}
