import { mkdir, writeFile } from 'node:fs/promises';
import { expectedPath, picturedPages, renderedPages } from './pages.ts';

/** Writes the expected pictures anew: `node packages/print/test/pictures/write.ts`. Look at every one before it is kept. */
await mkdir(expectedPath(''), { recursive: true });
for (const pages of picturedPages)
  for (const { fileName, png } of await renderedPages(pages)) await writeFile(expectedPath(fileName), png);
