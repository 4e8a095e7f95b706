import { a4, type Page } from './page.ts';
import { heightMmOf, type PaperFonts, type TextStyle, type Typesetter } from './text.ts';

/** A paper ready to be drawn: its page's size and what goes on each page. */
export interface PlannedPaper {
  readonly widthMm: number;
  readonly heightMm: number;
  readonly title: string;
  readonly pages: readonly ((page: Page) => void)[];
}

/** Something of known height in a column of a paper. `head` is drawn anew where the block begins a page. */
export interface Block {
  readonly heightMm: number;
  readonly draw: (page: Page, yMm: number) => void;
  readonly head?: Block;
  /** Never the last of a page. */
  readonly staysWithNext?: boolean;
}

export const marginMm = 15;
export const columnMm = a4.widthMm - 2 * marginMm;
const topMm = 14;
const footMm = 12;
const titleMm = 14;

/** Fills pages from the top; throws if one block is higher than a page, which no paper of this package has. */
export function paginate(blocks: readonly Block[], availableMm: number): Block[][] {
  const pages: Block[][] = [];
  let current: Block[] = [];
  let usedMm = 0;
  for (const [index, block] of blocks.entries()) {
    const next = blocks[index + 1];
    const neededMm = block.heightMm + (block.staysWithNext === true && next ? next.heightMm : 0);
    if (usedMm + neededMm > availableMm && current.length > 0) {
      pages.push(current);
      current = block.head ? [block.head] : [];
      usedMm = block.head?.heightMm ?? 0;
    }
    if (usedMm + block.heightMm > availableMm)
      throw new Error(`a block of ${block.heightMm} mm is higher than a page`);
    current.push(block);
    usedMm += block.heightMm;
  }
  return current.length > 0 ? [...pages, current] : pages;
}

export interface Sheet {
  readonly title: string;
  /** In the foot of every page, so that a lost page finds its way back. */
  readonly reference: { readonly value: string; readonly at: string };
  readonly maker?: string | undefined;
}

/** An A4 paper of blocks, with title and page numbers on every page. */
export function a4Paper(sheet: Sheet, blocks: readonly Block[]): PlannedPaper {
  const availableMm = a4.heightMm - topMm - titleMm - footMm - 8;
  const pages = paginate(blocks, availableMm);
  return {
    ...a4,
    title: `${sheet.title} ${sheet.reference.value}`,
    pages: pages.map((placed, index) => (page: Page) => {
      drawHeadAndFoot(page, sheet, index + 1, pages.length);
      let yMm = topMm + titleMm;
      for (const block of placed) {
        block.draw(page, yMm);
        yMm += block.heightMm;
      }
    }),
  };
}

function drawHeadAndFoot(
  page: Page,
  { title, reference, maker }: Sheet,
  pageNo: number,
  pageCount: number,
): void {
  const place = { xMm: marginMm, widthMm: columnMm };
  page.text(title, 'title', { ...place, yMm: topMm, widthMm: 110 }, { sizePt: 18 });
  if (maker !== undefined)
    page.text(
      maker,
      'maker',
      { xMm: marginMm + 112, yMm: topMm + 2.4, widthMm: columnMm - 112 },
      { sizePt: 10, minSizePt: 6, align: 'right' },
    );
  page.rule(marginMm, topMm + 11, columnMm, 1.2);
  const footY = a4.heightMm - footMm - 2;
  page.rule(marginMm, footY - 1.5, columnMm);
  page.text(
    reference.value,
    reference.at,
    { ...place, yMm: footY, widthMm: 110 },
    { sizePt: 8, minSizePt: 5, face: 'mono' },
  );
  const number = `第 ${pageNo} 页 共 ${pageCount} 页 · Page ${pageNo} of ${pageCount}`;
  page.text(number, 'page', { ...place, yMm: footY }, { sizePt: 8, align: 'right' });
}

export const space = (heightMm: number): Block => ({ heightMm, draw: () => {} });

export function paragraph(
  typesetter: Typesetter,
  value: string,
  at: string,
  style: TextStyle,
  staysWithNext = false,
): Block {
  const text = typesetter.fit(value, at, columnMm, style);
  return {
    heightMm: heightMmOf(text) + 1.5,
    draw: (page, yMm) => page.fitted(text, { xMm: marginMm, yMm, widthMm: columnMm }, style.align),
    staysWithNext,
  };
}

/** A caption, Chinese and English, and its value, in one of the columns of `facts`. */
export interface Fact {
  readonly caption: string;
  readonly value: string;
  readonly at: string;
  readonly face?: keyof PaperFonts;
  /** Columns that it spans. */
  readonly span?: number;
}

/** Facts in rows of `columns`, captions above values. */
export function factRows(
  typesetter: Typesetter,
  facts: readonly Fact[],
  columns: number,
  widthMm = columnMm,
): Block[] {
  const rows: Fact[][] = [];
  let free = 0;
  for (const fact of facts) {
    const span = fact.span ?? 1;
    if (span > free) {
      rows.push([]);
      free = columns;
    }
    rows.at(-1)!.push(fact);
    free -= span;
  }
  return rows.map((row) => factRow(typesetter, row, widthMm / columns));
}

function factRow(typesetter: Typesetter, facts: readonly Fact[], stepMm: number): Block {
  const captionStyle: TextStyle = { sizePt: 7, minSizePt: 5 };
  let xMm = marginMm;
  const cells = facts.map(({ caption, value, at, face = 'sans', span = 1 }) => {
    const widthMm = stepMm * span - 3;
    const place = { xMm, widthMm };
    xMm += stepMm * span;
    return {
      place,
      caption: typesetter.fit(caption, 'caption', widthMm, captionStyle),
      value: typesetter.fit(value, at, widthMm, { sizePt: 11, minSizePt: 6.5, maxLines: 3, face }),
    };
  });
  return {
    heightMm: Math.max(...cells.map((cell) => heightMmOf(cell.caption) + heightMmOf(cell.value))) + 2,
    draw: (page, yMm) => {
      for (const { place, caption, value } of cells)
        page.fitted(value, { ...place, yMm: yMm + page.fitted(caption, { ...place, yMm }) });
    },
  };
}
