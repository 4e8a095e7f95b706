import { type Block, marginMm } from './flow.ts';
import { heightMmOf, type PaperFonts, type TextStyle, type Typesetter } from './text.ts';

export interface Column {
  /** Chinese above English: two lines of the head. */
  readonly zh: string;
  readonly en: string;
  readonly widthMm: number;
  readonly align?: 'left' | 'right';
  readonly face?: keyof PaperFonts;
  readonly sizePt?: number;
  readonly maxLines?: number;
}

export interface Cell {
  readonly value: string;
  /** The property that it shows, for refusals. */
  readonly at: string;
}

const padMm = 1.2;
const cellPt = 9;
const minCellPt = 6;

/** A table whose head comes again on every page it reaches. `emphasised` rows are set apart by rules above and below. */
export class Table {
  readonly #typesetter: Typesetter;
  readonly #columns: readonly Column[];
  readonly head: Block;

  constructor(typesetter: Typesetter, columns: readonly Column[]) {
    this.#typesetter = typesetter;
    this.#columns = columns;
    this.head = this.#makeHead();
  }

  get widthMm(): number {
    return this.#columns.reduce((sum, column) => sum + column.widthMm, 0);
  }

  row(cells: readonly Cell[], emphasised = false): Block {
    const texts = cells.map(({ value, at }, index) => {
      const { widthMm, face = 'sans', sizePt = cellPt, maxLines = 2 } = this.#columns[index]!;
      const style: TextStyle = { sizePt, minSizePt: Math.min(sizePt, minCellPt), maxLines, face };
      return this.#typesetter.fit(value, at, widthMm - 2 * padMm, style);
    });
    const heightMm = Math.max(...texts.map(heightMmOf)) + 2 * padMm;
    const { widthMm } = this;
    return {
      heightMm,
      head: this.head,
      draw: (page, yMm) => {
        let xMm = marginMm;
        for (const [index, text] of texts.entries()) {
          const column = this.#columns[index]!;
          const place = { xMm: xMm + padMm, yMm: yMm + padMm, widthMm: column.widthMm - 2 * padMm };
          page.fitted(text, place, column.align);
          xMm += column.widthMm;
        }
        if (emphasised) page.rule(marginMm, yMm, widthMm, 0.8);
        page.rule(marginMm, yMm + heightMm, widthMm, emphasised ? 0.8 : 0.25);
      },
    };
  }

  /** One text across the whole table, such as the carton that the rows below are in; never the last of a page. */
  band(parts: readonly Cell[], sizePt = 10): Block {
    const { widthMm } = this;
    const partMm = widthMm / parts.length;
    const texts = parts.map(({ value, at }) =>
      this.#typesetter.fit(value, at, partMm - 2 * padMm, { sizePt, minSizePt: minCellPt, maxLines: 2 }),
    );
    const heightMm = Math.max(...texts.map(heightMmOf)) + 2 * padMm + 0.6;
    return {
      heightMm,
      head: this.head,
      staysWithNext: true,
      draw: (page, yMm) => {
        for (const [index, text] of texts.entries()) {
          const align = index === 0 ? 'left' : 'right';
          const xMm = marginMm + index * partMm + padMm;
          page.fitted(text, { xMm, yMm: yMm + padMm + 0.6, widthMm: partMm - 2 * padMm }, align);
        }
        page.rule(marginMm, yMm + heightMm, widthMm, 0.6);
      },
    };
  }

  #makeHead(): Block {
    const { widthMm } = this;
    const texts = this.#columns.map((column) => {
      const room = column.widthMm - 2 * padMm;
      return [
        this.#typesetter.fit(column.zh, 'caption', room, { sizePt: 8, minSizePt: 6 }),
        this.#typesetter.fit(column.en, 'caption', room, { sizePt: 6.5, minSizePt: 5 }),
      ] as const;
    });
    const heightMm = Math.max(...texts.map(([zh, en]) => heightMmOf(zh) + heightMmOf(en))) + 2 * padMm;
    return {
      heightMm,
      staysWithNext: true,
      draw: (page, yMm) => {
        let xMm = marginMm;
        for (const [index, [zh, en]] of texts.entries()) {
          const column = this.#columns[index]!;
          const place = { xMm: xMm + padMm, widthMm: column.widthMm - 2 * padMm };
          const zhMm = page.fitted(zh, { ...place, yMm: yMm + padMm }, column.align);
          page.fitted(en, { ...place, yMm: yMm + padMm + zhMm }, column.align);
          xMm += column.widthMm;
        }
        page.rule(marginMm, yMm, widthMm, 0.8);
        page.rule(marginMm, yMm + heightMm, widthMm, 0.8);
      },
    };
  }
}
