import { a4Paper, type Block, columnMm, factRows, type PlannedPaper, paragraph, space } from './flow.ts';
import { besideCode } from './hand-over.ts';
import { grouped, yuan } from './page.ts';
import type { Certificate } from './schema.ts';
import { type Column, Table } from './table.ts';
import type { Typesetter } from './text.ts';

/** The order certificate (订单证明): equal counts at every step, the hashes of all files and the head of the audit chain. */
export function planCertificate(certificate: Certificate, typesetter: Typesetter): PlannedPaper {
  const { certificateId, maker } = certificate;
  const facts = factRows(
    typesetter,
    [
      { caption: '证明编号 Certificate', value: certificateId, at: 'certificateId', span: 2 },
      { caption: '订单号 Order', value: certificate.orderNo, at: 'orderNo' },
      { caption: '日期 Date', value: certificate.date, at: 'date' },
    ],
    2,
    columnMm - 34,
  );
  const claim =
    '下列卡片：订购 = 取号 = 印刷合格（含补制）= 扫描 = 装箱 = 发运。\n' +
    'Of every kind below: ordered = fetched = printed good (remade included) = scanned = packed = shipped.';
  const claims = claim
    .split('\n')
    .map((line) => paragraph(typesetter, line, 'caption', { sizePt: 9, minSizePt: 7 }, true));
  return a4Paper(
    { title: '订单证明 Order certificate', reference: { value: certificateId, at: 'certificateId' }, maker },
    [
      besideCode(facts, certificateId, 'certificateId'),
      space(2),
      ...claims,
      ...balanceRows(certificate, typesetter),
      ...shipmentRows(certificate, typesetter),
      ...fileRows(certificate, typesetter),
      space(5),
      ...auditRows(certificate, typesetter),
    ],
  );
}

function balanceRows({ lines }: Certificate, typesetter: Typesetter): Block[] {
  const count = (zh: string, en: string): Column => ({ zh, en, widthMm: 15.5, align: 'right' });
  const table = new Table(typesetter, [
    { zh: '卡种', en: 'Card', widthMm: 34 },
    { zh: '面值（元）', en: 'Par value, yuan', widthMm: 22, align: 'right' },
    count('订购', 'Ordered'),
    count('取号', 'Fetched'),
    count('印刷合格', 'Printed good'),
    count('补制', 'Remade'),
    count('报废', 'Spoiled'),
    count('扫描', 'Scanned'),
    count('装箱', 'Packed'),
    count('发运', 'Shipped'),
  ]);
  const steps = [
    'ordered',
    'fetched',
    'printedGood',
    'remade',
    'spoiled',
    'scanned',
    'packed',
    'shipped',
  ] as const;
  const rows = lines.map((line, index) => {
    const at = `lines[${index}]`;
    return table.row([
      { value: line.templateName, at: `${at}.templateName` },
      { value: yuan(line.parValueFen), at: `${at}.parValueFen` },
      ...steps.map((step) => ({ value: grouped(line[step] ?? 0), at: `${at}.${step}` })),
    ]);
  });
  const sums = steps.map((step) => ({
    value: grouped(lines.reduce((sum, line) => sum + (line[step] ?? 0), 0)),
    at: 'lines',
  }));
  const whole = table.row([{ value: '合计 Total', at: 'lines' }, { value: '', at: 'lines' }, ...sums], true);
  return [table.head, ...rows, whole];
}

function shipmentRows({ shipments }: Certificate, typesetter: Typesetter): Block[] {
  if (shipments.length === 0) return [];
  const table = new Table(typesetter, [
    { zh: '承运', en: 'Courier', widthMm: 70 },
    { zh: '运单号', en: 'Tracking no.', widthMm: 80, face: 'mono', sizePt: 8 },
    { zh: '数量（张）', en: 'Cards', widthMm: 30, align: 'right' },
  ]);
  const rows = shipments.map(({ courier, trackingNo, cards }, index) =>
    table.row([
      { value: courier, at: `shipments[${index}].courier` },
      { value: trackingNo, at: `shipments[${index}].trackingNo` },
      { value: grouped(cards), at: `shipments[${index}].cards` },
    ]),
  );
  return [space(5), table.head, ...rows];
}

function fileRows({ files }: Certificate, typesetter: Typesetter): Block[] {
  if (files.length === 0) return [];
  const table = new Table(typesetter, [
    { zh: '生产文件', en: 'Production file', widthMm: 56, sizePt: 8 },
    { zh: '散列值', en: 'SHA-256', widthMm: 106, face: 'mono', sizePt: 7, maxLines: 1 },
    { zh: '数量（张）', en: 'Cards', widthMm: 18, align: 'right' },
  ]);
  const rows = files.map(({ name, sha256, cards }, index) =>
    table.row([
      { value: name, at: `files[${index}].name` },
      { value: sha256, at: `files[${index}].sha256` },
      { value: grouped(cards), at: `files[${index}].cards` },
    ]),
  );
  return [space(5), table.head, ...rows];
}

function auditRows({ audit }: Certificate, typesetter: Typesetter): Block[] {
  return factRows(
    typesetter,
    [
      {
        caption: '审计链头 Head of the audit chain (SHA-256)',
        value: audit.head,
        at: 'audit.head',
        face: 'mono',
        span: 3,
      },
      { caption: '审计记录数 Audit entries', value: grouped(audit.entries), at: 'audit.entries' },
    ],
    4,
  );
}
