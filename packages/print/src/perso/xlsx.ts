import { Zip } from './zip.ts';

/** Excel's own limit, the line of titles included. */
export const mostXlsxRows = 1_048_576;
const columnWidth = 22;

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const packageNames = 'http://schemas.openxmlformats.org/package/2006';
const types = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

/** Format 49 is text (`@`): what is typed over such a cell stays text too. Style 1 is a cell, 2 a title. */
const styles = `<styleSheet xmlns="${main}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`;

const parts: Readonly<Record<string, string>> = {
  '[Content_Types].xml': `<Types xmlns="${packageNames}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${types}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${types}.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="${types}.styles+xml"/></Types>`,
  '_rels/.rels': `<Relationships xmlns="${packageNames}/relationships"><Relationship Id="rId1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="Records" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  'xl/_rels/workbook.xml.rels': `<Relationships xmlns="${packageNames}/relationships"><Relationship Id="rId1" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${office}/styles" Target="styles.xml"/></Relationships>`,
  'xl/styles.xml': styles,
};

/**
 * A workbook of one sheet of texts (ECMA-376 Part 1 §18) in pieces: `head`, any number of `rows`, `tail`. Every cell is a
 * string, so digits stay digits and nothing is computed. In constant memory; equal texts make equal bytes.
 */
export class Xlsx {
  readonly #zip = new Zip();
  readonly #letters: readonly string[];
  #rows = 0;

  constructor(columns: number) {
    this.#letters = Array.from({ length: columns }, (_, index) => columnLetters(index));
  }

  head(titles: readonly string[]): Buffer {
    const pieces: Buffer[] = [];
    for (const [name, xml] of Object.entries(parts)) {
      pieces.push(this.#zip.open(name), this.#zip.add(declaration + xml), this.#zip.close());
    }
    const start = `${declaration}<worksheet xmlns="${main}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols><col min="1" max="${titles.length}" width="${columnWidth}" customWidth="1"/></cols><sheetData>`;
    pieces.push(this.#zip.open('xl/worksheets/sheet1.xml'), this.#zip.add(start + this.row(titles, 2)));
    return Buffer.concat(pieces);
  }

  /** A row's XML, to be gathered for `add`: a piece for each row would pack badly. */
  row(texts: readonly string[], style = 1): string {
    const rowNo = ++this.#rows;
    let xml = `<row r="${rowNo}">`;
    for (let i = 0; i < texts.length; i++) {
      const text = escapeXml(texts[i] as string);
      xml += `<c r="${this.#letters[i]}${rowNo}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${text}</t></is></c>`;
    }
    return `${xml}</row>`;
  }

  add(rows: string): Buffer {
    return this.#zip.add(rows);
  }

  tail(): Buffer {
    return Buffer.concat([this.#zip.add('</sheetData></worksheet>'), this.#zip.close(), this.#zip.end()]);
  }
}

/** `_x0041_` is an escape in strings of this format (§22.4.2.4): its own first sign is escaped where a text looks like one. */
function escapeXml(text: string): string {
  if (!/[&<>_]/.test(text)) return text;
  return text
    .replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** A, …, Z, AA, … */
function columnLetters(index: number): string {
  const letter = String.fromCharCode(0x41 + (index % 26));
  return index < 26 ? letter : columnLetters(Math.floor(index / 26) - 1) + letter;
}
