import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sealOf } from '../file/file-seal.ts';
import { type ManifestFile, parseManifest, type RunManifest } from '../imposition/manifest.ts';
import { Refusal } from '../refusal.ts';

export const manifestName = 'manifest.json';

/**
 * The files of an earlier run of the same job in this folder that are still as its manifest says, block by block from the
 * first, all outputs of each. Throws `run-folder-taken` where the folder holds another run.
 */
export async function filesDone(
  folder: string,
  planned: RunManifest,
  outputsPerBlock: number,
): Promise<ManifestFile[]> {
  const former = await formerManifest(folder);
  if (former === undefined) return [];
  for (const key of ['layoutSha256', 'pressSha256', 'source', 'sheet'] as const) {
    if (JSON.stringify(former[key]) !== JSON.stringify(planned[key]))
      throw new Refusal('run-folder-taken', `it was made with another ${key.replace('Sha256', '')}`, {
        file: folder,
      });
  }
  const done: ManifestFile[] = [];
  for (const file of former.files) {
    if (!(await isWhole(folder, file))) break;
    done.push(file);
  }
  return done.slice(0, done.length - (done.length % outputsPerBlock));
}

async function formerManifest(folder: string): Promise<RunManifest | undefined> {
  try {
    return parseManifest(await readFile(join(folder, manifestName), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function isWhole(folder: string, file: ManifestFile): Promise<boolean> {
  try {
    const seal = await sealOf(join(folder, file.name));
    return seal.sha256 === file.sha256 && seal.bytes === file.bytes;
  } catch {
    return false;
  }
}
