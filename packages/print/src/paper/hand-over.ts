import {
  a4Paper,
  type Block,
  columnMm,
  factRows,
  marginMm,
  type PlannedPaper,
  paragraph,
  space,
} from './flow.ts';
import { captioned, grouped, type Page } from './page.ts';
import type { HandOver } from './schema.ts';
import { drawSymbol } from './symbol.ts';
import { Table } from './table.ts';
import type { Typesetter } from './text.ts';

const signatureMm = 52;

/** The hand-over sheet (交接单): what went from whom to whom, with boxes for two signatures that are never torn apart. */
export function planHandOver(sheet: HandOver, typesetter: Typesetter): PlannedPaper {
  const facts = factRows(
    typesetter,
    [
      { caption: '单号 Sheet no.', value: sheet.sheetNo, at: 'sheetNo' },
      { caption: '订单号 Order', value: sheet.orderNo, at: 'orderNo' },
      { caption: '日期 Date', value: sheet.date, at: 'date' },
      ...(sheet.place === undefined
        ? []
        : [{ caption: '地点 Place', value: sheet.place, at: 'place', span: 2 }]),
    ],
    2,
    columnMm - 34,
  );
  const remark =
    sheet.remark === undefined
      ? []
      : [space(3), paragraph(typesetter, sheet.remark, 'remark', { sizePt: 9, maxLines: 4 })];
  const reference = { value: sheet.sheetNo, at: 'sheetNo' };
  return a4Paper({ title: '交接单 Hand-over sheet', reference, maker: sheet.maker }, [
    besideCode(facts, sheet.sheetNo, 'sheetNo'),
    space(2),
    ...itemRows(sheet, typesetter),
    ...remark,
    space(6),
    { heightMm: signatureMm, draw: (page, yMm) => drawSignatures(page, sheet, yMm) },
  ]);
}

/** Facts on the left, a QR code of 28 mm on the right. */
export function besideCode(facts: readonly Block[], value: string, at: string): Block {
  const codeMm = 28;
  return {
    heightMm:
      Math.max(
        codeMm,
        facts.reduce((sum, fact) => sum + fact.heightMm, 0),
      ) + 2,
    draw: (page, yMm) => {
      let factY = yMm;
      for (const fact of facts) {
        fact.draw(page, factY);
        factY += fact.heightMm;
      }
      const box = { xMm: marginMm + columnMm - codeMm, yMm: yMm - 1, widthMm: codeMm, heightMm: codeMm };
      drawSymbol(page, 'qr', value, at, box);
    },
  };
}

function itemRows({ items, total }: HandOver, typesetter: Typesetter): Block[] {
  const table = new Table(typesetter, [
    { zh: '序号', en: 'No.', widthMm: 14, align: 'right' },
    { zh: '容器号', en: 'Container', widthMm: 48, face: 'mono', sizePt: 8 },
    { zh: '内容', en: 'What', widthMm: 60 },
    { zh: '封签号', en: 'Seal', widthMm: 34, face: 'mono', sizePt: 8 },
    { zh: '数量（张）', en: 'Cards', widthMm: 24, align: 'right' },
  ]);
  const rows = items.map((item, index) => {
    const at = `items[${index}]`;
    return table.row([
      { value: grouped(index + 1), at },
      { value: item.containerId, at: `${at}.containerId` },
      { value: item.what, at: `${at}.what` },
      { value: item.sealNo ?? '', at: `${at}.sealNo` },
      { value: grouped(item.count), at: `${at}.count` },
    ]);
  });
  const whole = table.row(
    [
      { value: '', at: 'total' },
      { value: '', at: 'total' },
      { value: `合计 Total · ${grouped(total.items)} 件 items`, at: 'total.items' },
      { value: '', at: 'total' },
      { value: grouped(total.cards), at: 'total.cards' },
    ],
    true,
  );
  return [table.head, ...rows, whole];
}

function drawSignatures(page: Page, { from, to }: HandOver, yMm: number): void {
  const boxMm = (columnMm - 8) / 2;
  const boxes = [
    { caption: '交出人 Handed over by', party: from, at: 'from', xMm: marginMm },
    { caption: '接收人 Received by', party: to, at: 'to', xMm: marginMm + boxMm + 8 },
  ];
  for (const { caption, party, at, xMm } of boxes) {
    page.frame({ xMm, yMm, widthMm: boxMm, heightMm: signatureMm - 2 }, 0.6);
    const place = { xMm: xMm + 3, widthMm: boxMm - 6 };
    const style = { sizePt: 12, minSizePt: 7 };
    captioned(page, caption, party.name, `${at}.name`, { ...place, yMm: yMm + 2 }, style);
    if (party.unit !== undefined)
      page.text(party.unit, `${at}.unit`, { ...place, yMm: yMm + 12 }, { sizePt: 9, minSizePt: 6 });
    for (const [label, lineMm] of [
      ['签名 Signature', 32],
      ['日期时间 Date and time', 45],
    ] as const) {
      page.text(label, 'caption', { ...place, yMm: yMm + lineMm - 4 }, { sizePt: 7 });
      page.rule(xMm + 32, yMm + lineMm, boxMm - 35);
    }
  }
}
