import { maskAddress } from './address.ts';
import type { PlannedPaper } from './flow.ts';
import { largeLabel } from './label.ts';
import { maskName, maskPhone } from './masking.ts';
import { captioned, type Page } from './page.ts';
import type { Waybill } from './schema.ts';
import { drawSymbol } from './symbol.ts';

const edgeMm = 5;
const insideMm = 90;

/** A waybill (面单) of 100 × 150 mm. Names, phones and addresses of both sides are shown masked, see `masking.ts`. */
export function planWaybill(waybill: Waybill): PlannedPaper {
  return {
    ...largeLabel,
    title: `面单 Waybill ${waybill.trackingNo}`,
    pages: [(page) => drawWaybill(page, waybill)],
  };
}

function drawWaybill(page: Page, waybill: Waybill): void {
  const { courier, trackingNo } = waybill;
  const whole = { xMm: edgeMm, widthMm: insideMm };
  page.text(courier.name, 'courier.name', { ...whole, yMm: 4, widthMm: 55 }, { sizePt: 18, minSizePt: 9 });
  if (courier.service !== undefined)
    page.text(
      courier.service,
      'courier.service',
      { xMm: 61, yMm: 5.2, widthMm: 34 },
      { sizePt: 13, minSizePt: 8, align: 'right' },
    );
  page.rule(edgeMm, 13.5, insideMm, 1.5);
  drawSymbol(page, 'code128', trackingNo, 'trackingNo', { xMm: 2, yMm: 15.5, widthMm: 96, heightMm: 19 });
  page.text(
    trackingNo,
    'trackingNo',
    { ...whole, yMm: 35 },
    { sizePt: 14, minSizePt: 9, face: 'mono', align: 'centre' },
  );
  page.rule(edgeMm, 42.5, insideMm);
  if (waybill.sortingCode !== undefined)
    page.text(
      waybill.sortingCode,
      'sortingCode',
      { ...whole, yMm: 43 },
      { sizePt: 30, minSizePt: 14, align: 'centre' },
    );
  page.rule(edgeMm, 57.5, insideMm);
  drawPerson(page, '收', 'To', waybill.receiver, 'receiver', 59, 27, 14);
  page.rule(edgeMm, 87, insideMm);
  drawPerson(page, '寄', 'From', waybill.sender, 'sender', 88.5, 17, 9.5);
  page.rule(edgeMm, 106, insideMm);
  drawParcel(page, waybill);
  page.rule(edgeMm, 128, insideMm);
  page.text('签收 Received by', 'caption', { xMm: edgeMm, yMm: 129.5, widthMm: 45 }, { sizePt: 8 });
  page.text('时间 Date and time', 'caption', { xMm: 52, yMm: 129.5, widthMm: 43 }, { sizePt: 8 });
}

function drawPerson(
  page: Page,
  zh: string,
  en: string,
  person: Waybill['receiver'],
  at: string,
  yMm: number,
  heightMm: number,
  sizePt: number,
): void {
  page.text(zh, 'caption', { xMm: edgeMm, yMm, widthMm: 10 }, { sizePt: 20 });
  page.text(en, 'caption', { xMm: edgeMm, yMm: yMm + 9.5, widthMm: 10 }, { sizePt: 7 });
  const place = { xMm: edgeMm + 12, widthMm: insideMm - 12 };
  const style = { sizePt, minSizePt: 8 };
  const nameMm = page.text(maskName(person.name), `${at}.name`, { ...place, yMm, widthMm: 38 }, style);
  page.text(
    maskPhone(person.phone),
    `${at}.phone`,
    { xMm: 56, yMm, widthMm: 39 },
    { ...style, align: 'right' },
  );
  page.text(
    maskAddress(person.address),
    `${at}.address`,
    { ...place, yMm: yMm + nameMm },
    { ...style, maxHeightMm: heightMm - nameMm },
  );
}

function drawParcel(page: Page, waybill: Waybill): void {
  const style = { sizePt: 10, minSizePt: 7 };
  captioned(
    page,
    '内件 Contents',
    waybill.goods,
    'goods',
    { xMm: edgeMm, yMm: 107, widthMm: 50 },
    { ...style, maxLines: 1 },
  );
  captioned(
    page,
    '件数 Parcel',
    `${waybill.number} / ${waybill.of}`,
    'number',
    { xMm: 57, yMm: 107, widthMm: 18 },
    style,
  );
  if (waybill.weightKg !== undefined)
    captioned(
      page,
      '重量 Weight',
      `${waybill.weightKg} kg`,
      'weightKg',
      { xMm: 77, yMm: 107, widthMm: 18 },
      style,
    );
  captioned(
    page,
    '订单号 Order',
    waybill.orderNo,
    'orderNo',
    { xMm: edgeMm, yMm: 115, widthMm: 60 },
    { ...style, minSizePt: 6 },
  );
  captioned(
    page,
    '日期 Date',
    waybill.date,
    'date',
    { xMm: 67, yMm: 115, widthMm: 28 },
    { ...style, minSizePt: 6 },
  );
  if (waybill.remark !== undefined)
    page.text(
      waybill.remark,
      'remark',
      { xMm: edgeMm, yMm: 123.2, widthMm: insideMm },
      { sizePt: 8, minSizePt: 6 },
    );
}
