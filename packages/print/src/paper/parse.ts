import { Value } from 'typebox/value';
import { mostTelling, pathOf, reasonOf } from '../json/schema-fault.ts';
import { checkRow } from '../records/safe-text.ts';
import { Refusal } from '../refusal.ts';
import type { Certificate, HandOver, Label, PackingList, PaperData, PaperKind, Waybill } from './schema.ts';
import { paperSchemas } from './schema.ts';

/**
 * Reads the data of a paper strictly: unknown properties, wrong types, control or bidirectional characters and totals
 * that do not add up are refused with the path (`cartons[3].boxes[0].count`) and the reason. `recordNo` counts the papers
 * of one file from 1.
 */
export function parsePaper<K extends PaperKind>(kind: K, json: unknown, recordNo?: number): PaperData<K> {
  const schema = paperSchemas[kind];
  if (!Value.Check(schema, json)) {
    const error = mostTelling(Value.Errors(schema, json));
    throw new Refusal('paper-malformed', reasonOf(error), place(pathOf(error.instancePath), recordNo));
  }
  refuseUnsafeText(json, '', recordNo);
  const checks: Readonly<Record<PaperKind, (data: never) => void>> = {
    'bundle-label': (label: Label) => checkNumbering(label, recordNo),
    'box-label': (label: Label) => checkNumbering(label, recordNo),
    'carton-label': (label: Label) => checkNumbering(label, recordNo),
    waybill: (waybill: Waybill) => checkWaybill(waybill, recordNo),
    'packing-list': (list: PackingList) => checkPackingList(list, recordNo),
    'hand-over': (sheet: HandOver) => checkHandOver(sheet, recordNo),
    certificate: (certificate: Certificate) => checkCertificate(certificate, recordNo),
  };
  checks[kind](json as never);
  return json as PaperData<K>;
}

function checkNumbering({ number, of }: { number: number; of: number }, recordNo?: number): void {
  if (number > of)
    throw new Refusal('paper-malformed', `number ${number} of ${of}`, place('number', recordNo));
}

function checkWaybill(waybill: Waybill, recordNo?: number): void {
  checkNumbering(waybill, recordNo);
  for (const side of ['receiver', 'sender'] as const)
    if (
      !/\p{N}/u.test(waybill[side].phone) ||
      /[^\p{N}\s+()（）＋*#\-–—－.,，、;；/|或转轉分机extEXT]/u.test(waybill[side].phone)
    )
      throw new Refusal('paper-malformed', 'not a telephone number', place(`${side}.phone`, recordNo));
}

function checkPackingList({ cartons, total }: PackingList, recordNo?: number): void {
  const ids = new Set<string>();
  const addId = (id: string, at: string): void => {
    if (ids.has(id)) throw new Refusal('paper-malformed', `${id} is listed twice`, place(at, recordNo));
    ids.add(id);
  };
  let boxes = 0;
  let cards = 0;
  for (const [index, carton] of cartons.entries()) {
    addId(carton.id, `cartons[${index}].id`);
    for (const [boxIndex, box] of carton.boxes.entries())
      addId(box.id, `cartons[${index}].boxes[${boxIndex}].id`);
    const inBoxes = sumOf(carton.boxes, (box) => box.count);
    mustEqual(carton.count, inBoxes, 'the sum of its boxes', `cartons[${index}].count`, recordNo);
    boxes += carton.boxes.length;
    cards += inBoxes;
  }
  mustEqual(total.cartons, cartons.length, 'the cartons listed', 'total.cartons', recordNo);
  mustEqual(total.boxes, boxes, 'the boxes listed', 'total.boxes', recordNo);
  mustEqual(total.cards, cards, 'the sum of the cartons', 'total.cards', recordNo);
}

function checkHandOver({ items, total }: HandOver, recordNo?: number): void {
  const ids = new Set(items.map((item) => item.containerId));
  if (ids.size < items.length)
    throw new Refusal('paper-malformed', 'a container is listed twice', place('items', recordNo));
  mustEqual(total.items, items.length, 'the items listed', 'total.items', recordNo);
  mustEqual(
    total.cards,
    sumOf(items, (item) => item.count),
    'the sum of the items',
    'total.cards',
    recordNo,
  );
}

function checkCertificate({ lines, shipments }: Certificate, recordNo?: number): void {
  for (const [index, line] of lines.entries()) {
    const steps = [
      ['fetched', line.fetched],
      ['printedGood', line.printedGood + line.remade],
      ['scanned', line.scanned],
      ['packed', line.packed],
      ['shipped', line.shipped],
    ] as const;
    for (const [step, count] of steps)
      mustEqual(count, line.ordered, 'what was ordered', `lines[${index}].${step}`, recordNo);
  }
  const shipped = sumOf(lines, (line) => line.shipped);
  if (shipments.length > 0)
    mustEqual(
      sumOf(shipments, (parcel) => parcel.cards),
      shipped,
      'what was shipped',
      'shipments',
      recordNo,
    );
}

function mustEqual(stated: number, found: number, what: string, at: string, recordNo?: number): void {
  if (stated !== found)
    throw new Refusal(
      'paper-totals-differ',
      `${stated} stands against ${found}, ${what}`,
      place(at, recordNo),
    );
}

const sumOf = <T>(items: readonly T[], countOf: (item: T) => number): number =>
  items.reduce((sum, item) => sum + countOf(item), 0);

function refuseUnsafeText(value: unknown, path: string, recordNo?: number): void {
  if (typeof value === 'string') checkRow([value], [path], place('', recordNo));
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) refuseUnsafeText(item, `${path}[${index}]`, recordNo);
  else if (typeof value === 'object' && value !== null)
    for (const [name, item] of Object.entries(value))
      refuseUnsafeText(item, path === '' ? name : `${path}.${name}`, recordNo);
}

function place(at: string, recordNo?: number): { at?: string; recordNo?: number } {
  return { ...(at === '' ? {} : { at }), ...(recordNo === undefined ? {} : { recordNo }) };
}
