import type { PlannedPaper } from './flow.ts';
import { maskCardNo } from './masking.ts';
import { captioned, grouped, type Page, type PageSize, yuan } from './page.ts';
import type { Label } from './schema.ts';
import { drawSymbol } from './symbol.ts';

export type LabelKind = 'bundle-label' | 'box-label' | 'carton-label';

interface LabelWords {
  readonly title: string;
  readonly zh: string;
  readonly en: string;
  readonly holds: string;
}

const words: Readonly<Record<LabelKind, LabelWords>> = {
  'bundle-label': { title: '扎标签 Bundle', zh: '扎', en: 'bundle', holds: '' },
  'box-label': { title: '盒标签 Box', zh: '盒', en: 'box', holds: '扎 bundles' },
  'carton-label': { title: '箱标签 Carton', zh: '箱', en: 'carton', holds: '盒 boxes' },
};

export const largeLabel: PageSize = { widthMm: 100, heightMm: 150 };
export const smallLabel: PageSize = { widthMm: 80, heightMm: 50 };
const edgeMm = 5;
const insideMm = 90;

/** A label of 100 × 150 mm for boxes and cartons, of 80 × 50 mm for bundles, which are no larger than a card. */
export function planLabel(kind: LabelKind, label: Label): PlannedPaper {
  const size = kind === 'bundle-label' ? smallLabel : largeLabel;
  const draw = kind === 'bundle-label' ? drawSmallLabel : drawLargeLabel;
  return {
    ...size,
    title: `${words[kind].title} ${label.containerId}`,
    pages: [(page) => draw(page, kind, label)],
  };
}

/** Read from the rack: count and range are the largest, the code is a hand's width. */
function drawLargeLabel(page: Page, kind: LabelKind, label: Label): void {
  const whole = { xMm: edgeMm, widthMm: insideMm };
  page.text(words[kind].title, 'title', { ...whole, yMm: 4.5, widthMm: 50 }, { sizePt: 18 });
  const number = `${label.number} / ${label.of}`;
  page.text(
    number,
    'number',
    { xMm: 55, yMm: 4, widthMm: 40 },
    { sizePt: 20, minSizePt: 10, align: 'right' },
  );
  page.rule(edgeMm, 14.5, insideMm, 1.5);
  const style = { sizePt: 15, minSizePt: 9, maxLines: 2 };
  captioned(
    page,
    '订单号 Order',
    label.orderNo,
    'orderNo',
    { ...whole, yMm: 16 },
    { ...style, maxLines: 1, minSizePt: 8 },
  );
  captioned(page, '卡种 Card', label.templateName, 'templateName', { ...whole, yMm: 27 }, style);
  if (label.templateCode !== undefined)
    page.text(
      label.templateCode,
      'templateCode',
      { xMm: 45, yMm: 27, widthMm: 50 },
      { sizePt: 8, minSizePt: 6, align: 'right' },
    );
  page.rule(edgeMm, 45.5, insideMm);
  drawCounts(page, kind, label);
  page.rule(edgeMm, 70.5, insideMm);
  drawRange(page, label);
  page.rule(edgeMm, 97, insideMm);
  drawLargeCode(page, label);
  page.rule(edgeMm, 137, insideMm);
  drawFoot(page, label);
}

function drawCounts(page: Page, kind: LabelKind, label: Label): void {
  const left = { xMm: edgeMm, widthMm: 36 };
  captioned(
    page,
    '面值 Par value',
    `${yuan(label.parValueFen)} 元`,
    'parValueFen',
    { ...left, yMm: 47 },
    { sizePt: 18, minSizePt: 9 },
  );
  if (label.holds !== undefined && kind !== 'bundle-label')
    captioned(
      page,
      '内装 Holds',
      `${grouped(label.holds)} ${words[kind].holds}`,
      'holds',
      { ...left, yMm: 59 },
      { sizePt: 12, minSizePt: 8 },
    );
  page.upright(43, 45.5, 25);
  const right = { xMm: 45, yMm: 47, widthMm: 50 };
  captioned(page, '数量（张） Cards', grouped(label.count), 'count', right, {
    sizePt: 44,
    minSizePt: 18,
    align: 'right',
  });
}

function drawRange(page: Page, label: Label): void {
  const style = { sizePt: 22, minSizePt: 11, face: 'mono' } as const;
  const place = { xMm: edgeMm + 15, widthMm: insideMm - 15 };
  page.text('卡号 Card numbers', 'caption', { xMm: edgeMm, yMm: 72, widthMm: insideMm }, { sizePt: 7 });
  for (const [index, [word, cardNo, at]] of (
    [
      ['起 First', label.firstCardNo, 'firstCardNo'],
      ['止 Last', label.lastCardNo, 'lastCardNo'],
    ] as const
  ).entries()) {
    const yMm = 75.5 + index * 10.5;
    page.text(word, 'caption', { xMm: edgeMm, yMm: yMm + 2.8, widthMm: 14 }, { sizePt: 10 });
    page.text(maskCardNo(cardNo), at, { ...place, yMm }, style);
  }
}

function drawLargeCode(page: Page, label: Label): void {
  const { symbology = 'code128', containerId } = label;
  const idStyle = { sizePt: 16, minSizePt: 8, face: 'mono' } as const;
  if (symbology === 'code128') {
    drawSymbol(page, symbology, containerId, 'containerId', { xMm: 2, yMm: 99.5, widthMm: 96, heightMm: 27 });
    page.text(
      containerId,
      'containerId',
      { xMm: edgeMm, yMm: 127.5, widthMm: insideMm },
      { ...idStyle, align: 'centre' },
    );
    return;
  }
  drawSymbol(page, symbology, containerId, 'containerId', {
    xMm: edgeMm,
    yMm: 98,
    widthMm: 38,
    heightMm: 38,
  });
  page.text(
    containerId,
    'containerId',
    { xMm: 46, yMm: 112, widthMm: 49 },
    { ...idStyle, sizePt: 15, maxLines: 3 },
  );
}

function drawFoot(page: Page, label: Label): void {
  const style = { sizePt: 8, minSizePt: 6 };
  page.text(label.date, 'date', { xMm: edgeMm, yMm: 138, widthMm: 40 }, style);
  if (label.maker !== undefined)
    page.text(label.maker, 'maker', { xMm: 47, yMm: 138, widthMm: 48 }, { ...style, align: 'right' });
  if (label.remark !== undefined)
    page.text(label.remark, 'remark', { xMm: edgeMm, yMm: 142, widthMm: insideMm }, style);
}

function drawSmallLabel(page: Page, kind: LabelKind, label: Label): void {
  const whole = { xMm: 3, widthMm: 74 };
  page.text(words[kind].title, 'title', { ...whole, yMm: 2, widthMm: 34 }, { sizePt: 10 });
  page.text(
    `${label.number} / ${label.of}`,
    'number',
    { xMm: 40, yMm: 2, widthMm: 37 },
    { sizePt: 10, minSizePt: 7, align: 'right' },
  );
  page.rule(3, 7.2, 74, 1);
  const style = { sizePt: 9, minSizePt: 6 };
  page.text(label.orderNo, 'orderNo', { ...whole, yMm: 8 }, style);
  page.text(
    label.templateName,
    'templateName',
    { ...whole, yMm: 12.4, widthMm: 48 },
    { ...style, maxLines: 2 },
  );
  page.text(`${yuan(label.parValueFen)} 元`, 'parValueFen', { ...whole, yMm: 21, widthMm: 48 }, style);
  page.text(
    grouped(label.count),
    'count',
    { xMm: 52, yMm: 12, widthMm: 20.5 },
    { sizePt: 24, minSizePt: 11, align: 'right' },
  );
  page.text('张', 'caption', { xMm: 73, yMm: 17.5, widthMm: 4.5 }, { sizePt: 9 });
  const range = { sizePt: 9, minSizePt: 6, face: 'mono' } as const;
  page.text(maskCardNo(label.firstCardNo), 'firstCardNo', { xMm: 3, yMm: 25.5, widthMm: 36 }, range);
  page.text(
    maskCardNo(label.lastCardNo),
    'lastCardNo',
    { xMm: 41, yMm: 25.5, widthMm: 36 },
    { ...range, align: 'right' },
  );
  const { symbology = 'code128', containerId } = label;
  const id = { sizePt: 8, minSizePt: 5.5, face: 'mono' } as const;
  if (symbology === 'code128') {
    drawSymbol(page, symbology, containerId, 'containerId', {
      xMm: 1,
      yMm: 30.5,
      widthMm: 78,
      heightMm: 11.5,
    });
    page.text(containerId, 'containerId', { xMm: 3, yMm: 42.4, widthMm: 44 }, id);
  } else {
    drawSymbol(page, symbology, containerId, 'containerId', {
      xMm: 60,
      yMm: 30.5,
      widthMm: 17,
      heightMm: 17,
    });
    page.text(containerId, 'containerId', { xMm: 3, yMm: 31, widthMm: 54 }, { ...id, maxLines: 2 });
  }
  page.text(label.date, 'date', { xMm: 3, yMm: 45.9, widthMm: 30 }, { sizePt: 7, minSizePt: 5 });
}
