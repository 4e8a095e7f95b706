import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeJson, encodeJson } from '@cardwright/top';
import { type SandboxState, sandboxState } from './records.ts';

/** Where a sandbox keeps its state. `save` resolves once the state given, or a later one, is durable. */
export interface StateStore {
  load(): Promise<SandboxState | undefined>;
  save(current: () => SandboxState): Promise<void>;
}

/** A state file that this program cannot use. */
export class StateFileError extends Error {}

export function memoryStore(): StateStore {
  return { load: async () => undefined, save: async () => {} };
}

/**
 * A JSON file, replaced as a whole: a reader or a crash sees the old state or the new one, never a part.
 * Saves that arrive while one is being written share the next write.
 */
export function fileStore(path: string): StateStore {
  let writing: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return {
    async load() {
      const json = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (json === undefined) return undefined;
      const decoded = decodeJson(sandboxState, json);
      if (!decoded.ok) {
        const { path: at, expected, found } = decoded.issue;
        throw new StateFileError(`${path}: ${at || 'the file'} should be ${expected}, found ${found}`);
      }
      if (decoded.value.version !== 1n) {
        throw new StateFileError(`${path} was written by a newer sandbox (version ${decoded.value.version})`);
      }
      return decoded.value;
    },
    save(current) {
      next ??= writing
        .catch(() => {})
        .then(() => {
          next = undefined;
          writing = replaceFile(path, encodeJson(sandboxState, current()));
          return writing;
        });
      return next;
    },
  };
}

async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.new`;
  // The file names the receivers of orders: nobody but its owner reads it.
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
