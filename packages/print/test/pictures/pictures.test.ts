import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { recordsOf, sampleLayout, sampleRecords } from '../run/jobs.ts';
import { type Difference, differenceOf, isTolerated } from './difference.ts';
import { expectedPath, picturedPages, pictureOf, renderedPages } from './pages.ts';

/**
 * Sample layouts on sample presses, rendered by poppler and by MuPDF, against pictures that somebody has looked at. After
 * a change that is meant: `node packages/print/test/pictures/write.ts`, and look at them again.
 */
suite('a rendered page is its committed picture', () => {
  for (const pages of picturedPages)
    test(pages.name, async () => {
      for (const { fileName, png } of await renderedPages(pages)) {
        const difference = differenceOf(pictureOf(png), pictureOf(await readFile(expectedPath(fileName))));
        assert.ok(isTolerated(difference), `${fileName} differs: ${JSON.stringify(difference)}`);
      }
    });

  test('and no other picture is kept, none of them large', async () => {
    const kept = (await readdir(expectedPath(''))).sort();
    const named = picturedPages.flatMap(({ name, pages }) =>
      pages.flatMap((page) => ['mupdf', 'poppler'].map((renderer) => `${name}-${page}-${renderer}.png`)),
    );
    assert.deepEqual(kept, named.sort());
    for (const name of kept) assert.ok((await stat(expectedPath(name))).size <= 60_000, name);
  });
});

suite('a picture notices', () => {
  const giftCard = picturedPages.find(({ name }) => name === 'gift-card')!;
  const { columns, rows } = sampleRecords(1);

  /** By renderer, how far a spoilt front and back are from their pictures. */
  async function differences(changes: Parameters<typeof renderedPages>[1]): Promise<Difference[]> {
    const spoilt = await renderedPages(giftCard, changes);
    return Promise.all(
      spoilt.map(async ({ fileName, png }) =>
        differenceOf(pictureOf(png), pictureOf(await readFile(expectedPath(fileName)))),
      ),
    );
  }

  /** The sample with one property of one element changed. */
  function changed(side: 'front' | 'back', element: string, change: Record<string, unknown>) {
    const elements = sampleLayout('gift-card')[side]!.map((part) =>
      part.name === element ? { ...part, ...change } : part,
    );
    return sampleLayout('gift-card', { [side]: elements });
  }

  const spoilers = {
    'one digit of a number': {
      records: recordsOf(columns, [[rows[0]![0]!.replace(/1$/, '2'), ...rows[0]!.slice(1)]]),
      pages: [2],
    },
    'a panel 0.5 mm too low': { layout: changed('back', 'scratch panel', { yMm: 40 }), pages: [2] },
    'a title 0.3 mm too far right': { layout: changed('front', 'title', { xMm: 5.3 }), pages: [1] },
    'type that is half a point larger': {
      layout: changed('front', 'par value', { sizePt: 18.5 }),
      pages: [1],
    },
    'a code of another level': { layout: changed('back', 'code', { level: 'Q' }), pages: [2] },
  };
  for (const [name, { pages, ...changes }] of Object.entries(spoilers))
    test(name, async () => {
      for (const [index, difference] of (await differences(changes)).entries())
        assert.equal(isTolerated(difference), !pages.includes(index < 2 ? 1 : 2), JSON.stringify(difference));
    });
});
