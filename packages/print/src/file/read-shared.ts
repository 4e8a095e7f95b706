import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * The bytes of a file in memory that threads share: it is there once, however many draw with it. Read straight into it: a
 * copy of some megabytes, once freed, makes glibc keep all later buffers of that size or less in its heap, which grew by
 * 30 MB over a million cards. Throws the system's error.
 */
export function readShared(path: string): Uint8Array<SharedArrayBuffer> {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = new Uint8Array(new SharedArrayBuffer(size));
    let at = 0;
    while (at < size) {
      const read = readSync(file, bytes, at, size - at, at);
      if (read === 0) break;
      at += read;
    }
    return bytes.subarray(0, at);
  } finally {
    closeSync(file);
  }
}
