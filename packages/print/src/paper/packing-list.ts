import { maskAddress } from './address.ts';
import { a4Paper, type Block, factRows, type PlannedPaper, paragraph, space } from './flow.ts';
import { maskCardNo, maskName, maskPhone } from './masking.ts';
import { grouped, yuan } from './page.ts';
import type { PackingList } from './schema.ts';
import { Table } from './table.ts';
import type { Typesetter } from './text.ts';

/** The packing list (装箱单): carton by carton the boxes with their ranges and counts, then the sums of each card kind. */
export function planPackingList(list: PackingList, typesetter: Typesetter): PlannedPaper {
  const title = '装箱单 Packing list';
  const { receiver } = list;
  const facts = factRows(
    typesetter,
    [
      { caption: '订单号 Order', value: list.orderNo, at: 'orderNo' },
      ...(list.listNo === undefined ? [] : [{ caption: '单号 List no.', value: list.listNo, at: 'listNo' }]),
      { caption: '日期 Date', value: list.date, at: 'date' },
      ...(receiver === undefined
        ? []
        : [
            { caption: '收件人 Receiver', value: maskName(receiver.name), at: 'receiver.name' },
            { caption: '电话 Telephone', value: maskPhone(receiver.phone), at: 'receiver.phone' },
            {
              caption: '地址 Address',
              value: maskAddress(receiver.address),
              at: 'receiver.address',
              span: 3,
            },
          ]),
      { caption: '箱数 Cartons', value: grouped(list.total.cartons), at: 'total.cartons' },
      { caption: '盒数 Boxes', value: grouped(list.total.boxes), at: 'total.boxes' },
      { caption: '卡数 Cards', value: grouped(list.total.cards), at: 'total.cards' },
    ],
    3,
  );
  const remark =
    list.remark === undefined
      ? []
      : [space(3), paragraph(typesetter, list.remark, 'remark', { sizePt: 9, maxLines: 4 })];
  return a4Paper({ title, reference: { value: list.orderNo, at: 'orderNo' }, maker: list.maker }, [
    ...facts,
    space(2),
    ...cartonRows(list, typesetter),
    space(5),
    ...kindRows(list, typesetter),
    ...remark,
  ]);
}

function cartonRows({ cartons }: PackingList, typesetter: Typesetter): Block[] {
  const table = new Table(typesetter, [
    { zh: '盒号', en: 'Box', widthMm: 34, face: 'mono', sizePt: 8 },
    { zh: '卡种', en: 'Card', widthMm: 42 },
    { zh: '面值（元）', en: 'Par value, yuan', widthMm: 22, align: 'right' },
    { zh: '起始卡号', en: 'First card number', widthMm: 32, face: 'mono', sizePt: 8 },
    { zh: '截止卡号', en: 'Last card number', widthMm: 32, face: 'mono', sizePt: 8 },
    { zh: '数量（张）', en: 'Cards', widthMm: 18, align: 'right' },
  ]);
  const rows = cartons.flatMap((carton, index) => {
    const at = `cartons[${index}]`;
    const weight = carton.weightKg === undefined ? '' : ` · ${carton.weightKg} kg`;
    const band = table.band([
      { value: `箱 Carton ${index + 1} / ${cartons.length}   ${carton.id}`, at: `${at}.id` },
      {
        value: `${carton.boxes.length} 盒 boxes · ${grouped(carton.count)} 张 cards${weight}`,
        at: `${at}.count`,
      },
    ]);
    const boxes = carton.boxes.map((box, boxIndex) => {
      const boxAt = `${at}.boxes[${boxIndex}]`;
      return table.row([
        { value: box.id, at: `${boxAt}.id` },
        { value: box.templateName, at: `${boxAt}.templateName` },
        { value: yuan(box.parValueFen), at: `${boxAt}.parValueFen` },
        { value: maskCardNo(box.firstCardNo), at: `${boxAt}.firstCardNo` },
        { value: maskCardNo(box.lastCardNo), at: `${boxAt}.lastCardNo` },
        { value: grouped(box.count), at: `${boxAt}.count` },
      ]);
    });
    return [band, ...boxes];
  });
  return [table.head, ...rows];
}

interface KindSum {
  readonly name: string;
  readonly parValueFen: number;
  readonly at: string;
  boxes: number;
  cards: number;
}

function kindRows({ cartons, total }: PackingList, typesetter: Typesetter): Block[] {
  const sums = new Map<string, KindSum>();
  for (const [index, carton] of cartons.entries())
    for (const [boxIndex, box] of carton.boxes.entries()) {
      const key = JSON.stringify([box.templateCode, box.templateName, box.parValueFen]);
      const at = `cartons[${index}].boxes[${boxIndex}].templateName`;
      const sum = sums.get(key) ?? {
        name: box.templateName,
        parValueFen: box.parValueFen,
        at,
        boxes: 0,
        cards: 0,
      };
      sum.boxes += 1;
      sum.cards += box.count;
      sums.set(key, sum);
    }
  const table = new Table(typesetter, [
    { zh: '卡种合计', en: 'Sums of each card kind', widthMm: 82 },
    { zh: '面值（元）', en: 'Par value, yuan', widthMm: 34, align: 'right' },
    { zh: '盒数', en: 'Boxes', widthMm: 28, align: 'right' },
    { zh: '数量（张）', en: 'Cards', widthMm: 36, align: 'right' },
  ]);
  const rows = [...sums.values()].map((sum) =>
    table.row([
      { value: sum.name, at: sum.at },
      { value: yuan(sum.parValueFen), at: sum.at },
      { value: grouped(sum.boxes), at: sum.at },
      { value: grouped(sum.cards), at: sum.at },
    ]),
  );
  const whole = table.row(
    [
      { value: '总计 Total', at: 'total' },
      { value: '', at: 'total' },
      { value: grouped(total.boxes), at: 'total.boxes' },
      { value: grouped(total.cards), at: 'total.cards' },
    ],
    true,
  );
  return [table.head, ...rows, whole];
}
