import { once } from 'node:events';
import { createWriteStream, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { jsPDF } from 'jspdf';
import * as mupdf from 'mupdf';
import { PDFDocument, rgb, StandardFonts } from 'pdf-lib';
import PdfKitDocument from 'pdfkit';
import encodeQr from 'qr';

/**
 * The same card made with the libraries that are used for it: a page of CR80 and its bleed, a background shared by all
 * pages, four texts and a QR code encoded for each card. Each is given what it does best: built-in fonts (nothing to
 * subset), the fastest encoder of QR codes from npm, dark runs as rectangles with one fill, back-pressure respected.
 */
export interface PeerCard {
  readonly cardNo: string;
  readonly password: string;
  readonly url: string;
}

export type Peer = 'pdfkit' | 'pdf-lib' | 'jsPDF' | 'MuPDF';
export const peers: readonly Peer[] = ['pdfkit', 'pdf-lib', 'jsPDF', 'MuPDF'];

const ptPerMm = 72 / 25.4;
const widthPt = 88.6 * ptPerMm;
const heightPt = 56.98 * ptPerMm;
const qrPt = 18 * ptPerMm;
const qrLeftPt = 60 * ptPerMm;
const qrTopPt = 10 * ptPerMm;
const [nameAt, valueAt, noAt, passwordAt] = [
  [17, 28],
  [17, 50],
  [17, 108],
  [17, 130],
] as const;

export function cardOf(no: number): PeerCard {
  const digits = String(no).padStart(16, '0');
  const password = String((no * 2_654_435_761) % 1_000_000_007).padStart(16, '7');
  return { cardNo: digits, password, url: `https://card.example.com/a/${digits}?k=${password}` };
}

/** Calls `rect` with every horizontal run of dark modules, in points from the upper left of the page. */
function eachRun(url: string, rect: (x: number, y: number, width: number, height: number) => void): void {
  // One blank module around is the least that this encoder makes; it draws nothing.
  const rows = encodeQr(url, 'raw', { ecc: 'medium', border: 1 });
  const module = qrPt / (rows.length - 2);
  for (const [y, row] of rows.entries()) {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      const from = x;
      while (x + 1 < row.length && row[x + 1]) x++;
      rect(qrLeftPt + (from - 1) * module, qrTopPt + (y - 1) * module, (x + 1 - from) * module, module);
    }
  }
}

const grouped = (password: string): string => password.replace(/(.{4})(?=.)/g, '$1 ');

/** Writes a PDF of `cards` cards to `path`. */
export async function makeWithPeer(
  peer: Peer,
  cards: number,
  background: Buffer,
  path: string,
): Promise<number> {
  const make = { pdfkit: makePdfKit, 'pdf-lib': makePdfLib, jsPDF: makeJsPdf, MuPDF: makeMuPdf }[peer];
  await make(cards, background, path);
  return statSync(path).size;
}

async function makePdfKit(cards: number, background: Buffer, path: string): Promise<void> {
  const doc = new PdfKitDocument({ autoFirstPage: false, size: [widthPt, heightPt], margin: 0 });
  const out = createWriteStream(path);
  doc.pipe(out);
  // Opened once, so that all pages share one object.
  const image = (doc as unknown as { openImage: (bytes: Buffer) => Buffer }).openImage(background);
  for (let no = 1; no <= cards; no++) {
    const card = cardOf(no);
    doc.addPage();
    doc.image(image, 0, 0, { width: widthPt, height: heightPt });
    doc.fillColor([0, 0, 0, 100]).font('Helvetica').fontSize(10);
    doc.text('Gift Card', ...nameAt, { lineBreak: false }).text('100 yuan', ...valueAt, { lineBreak: false });
    doc.font('Courier').fontSize(9);
    doc.text(card.cardNo, ...noAt, { lineBreak: false });
    doc.text(grouped(card.password), ...passwordAt, { lineBreak: false });
    eachRun(card.url, (x, y, width, height) => doc.rect(x, y, width, height));
    doc.fill();
    if (no % 50 === 0) await drained(out);
  }
  doc.end();
  await once(out, 'close');
}

async function drained(out: NodeJS.WritableStream & { writableNeedDrain: boolean }): Promise<void> {
  if (out.writableNeedDrain) await once(out, 'drain');
  else await new Promise(setImmediate);
}

async function makePdfLib(cards: number, background: Buffer, path: string): Promise<void> {
  const doc = await PDFDocument.create();
  const image = await doc.embedJpg(background);
  const sans = await doc.embedFont(StandardFonts.Helvetica);
  const mono = await doc.embedFont(StandardFonts.Courier);
  for (let no = 1; no <= cards; no++) {
    const card = cardOf(no);
    const page = doc.addPage([widthPt, heightPt]);
    page.drawImage(image, { x: 0, y: 0, width: widthPt, height: heightPt });
    page.drawText('Gift Card', { x: nameAt[0], y: heightPt - nameAt[1], size: 10, font: sans });
    page.drawText('100 yuan', { x: valueAt[0], y: heightPt - valueAt[1], size: 10, font: sans });
    page.drawText(card.cardNo, { x: noAt[0], y: heightPt - noAt[1], size: 9, font: mono });
    page.drawText(grouped(card.password), {
      x: passwordAt[0],
      y: heightPt - passwordAt[1],
      size: 9,
      font: mono,
    });
    let path = '';
    eachRun(card.url, (x, y, width, height) => {
      path += `M${x} ${y}h${width}v${height}h${-width}z`;
    });
    page.drawSvgPath(path, { x: 0, y: heightPt, color: rgb(0, 0, 0), borderWidth: 0 });
  }
  await writeFile(path, await doc.save());
}

async function makeJsPdf(cards: number, background: Buffer, path: string): Promise<void> {
  const doc = new jsPDF({
    unit: 'pt',
    format: [widthPt, heightPt],
    orientation: 'landscape',
    compress: true,
  });
  const image = new Uint8Array(background);
  for (let no = 1; no <= cards; no++) {
    const card = cardOf(no);
    if (no > 1) doc.addPage([widthPt, heightPt], 'landscape');
    doc.addImage(image, 'JPEG', 0, 0, widthPt, heightPt, 'background');
    doc.setFont('helvetica').setFontSize(10);
    doc.text('Gift Card', ...nameAt).text('100 yuan', ...valueAt);
    doc.setFont('courier').setFontSize(9);
    doc.text(card.cardNo, ...noAt).text(grouped(card.password), ...passwordAt);
    eachRun(card.url, (x, y, width, height) => doc.rect(x, y, width, height, null));
    doc.fill();
  }
  await writeFile(path, Buffer.from(doc.output('arraybuffer')));
}

async function makeMuPdf(cards: number, background: Buffer, path: string): Promise<void> {
  const buffer = new mupdf.Buffer();
  const writer = new mupdf.DocumentWriter(buffer, 'pdf', 'compress');
  const image = new mupdf.Image(background);
  const sans = new mupdf.Font('Helvetica');
  const mono = new mupdf.Font('Courier');
  const { DeviceCMYK: cmyk } = mupdf.ColorSpace;
  const black: mupdf.Color = [0, 0, 0, 1];
  for (let no = 1; no <= cards; no++) {
    const card = cardOf(no);
    const device = writer.beginPage([0, 0, widthPt, heightPt]);
    device.fillImage(image, [widthPt, 0, 0, heightPt, 0, 0], 1);
    const text = new mupdf.Text();
    text.showString(sans, [10, 0, 0, -10, ...nameAt], 'Gift Card');
    text.showString(sans, [10, 0, 0, -10, ...valueAt], '100 yuan');
    text.showString(mono, [9, 0, 0, -9, ...noAt], card.cardNo);
    text.showString(mono, [9, 0, 0, -9, ...passwordAt], grouped(card.password));
    device.fillText(text, mupdf.Matrix.identity, cmyk, black, 1);
    const code = new mupdf.Path();
    eachRun(card.url, (x, y, width, height) => code.rect(x, y, x + width, y + height));
    device.fillPath(code, false, mupdf.Matrix.identity, cmyk, black, 1);
    writer.endPage();
    // What wasm holds is freed by hand, or it grows with every page.
    for (const used of [text, code, device]) used.destroy();
  }
  writer.close();
  await writeFile(path, buffer.asUint8Array());
}
