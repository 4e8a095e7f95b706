import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { deflateSync } from 'node:zlib';
import type { Artwork } from '../../src/image/artwork.ts';
import { embedFont } from '../../src/pdf/embed-font.ts';
import { writeForm } from '../../src/pdf/write-resources.ts';
import { type PdfDictionary, type PdfValue, type ReadPdf, readPdf, valuesOf } from './read-pdf.ts';
import { black, facts, outputIntent, pdfOf, profileFile, scratch } from './sample-file.ts';
import { squareFont, squareGlyphs, squareTypeface } from './square-font.ts';

function artwork(name: string, colour: Artwork['colour'], samples: number, icc?: Uint8Array): Artwork {
  const pdf = {
    filter: 'FlateDecode',
    bitsPerComponent: 8,
    data: deflateSync(Buffer.alloc(4 * samples, 90)),
  } as const;
  const file = new Uint8Array(0);
  const common = { name, widthPx: 2, heightPx: 2, sha256: name, mime: 'image/png', file, colour } as const;
  return { ...common, pdf: icc ? { ...pdf, icc } : pdf };
}

const artworks = [
  artwork('grey', 'grey', 1),
  artwork('rgb', 'rgb', 3),
  artwork('cmyk', 'cmyk', 4),
  artwork('press', 'cmyk', 4, readFileSync(profileFile)),
];

/** A file with everything that this room can write. */
const bytes = await pdfOf(
  ({ file, pen, resources, addPage }) => {
    for (let page = 0; page < 3; page++) {
      pen.drawForm('frame');
      for (const [index, picture] of artworks.entries()) pen.artwork(picture, 20 * index, 9, 18, 18);
      pen.ink(black);
      pen.text(
        squareTypeface,
        9,
        20,
        50,
        squareGlyphs.map(([, glyph]) => glyph),
        0.5,
      );
      pen.modules({ width: 8, height: 2, bits: Uint8Array.of(0xaa, 0x55), quiet: 4 }, 30, 70, 1, 1);
      pen.ink({ kind: 'spot', spot: scratch, tint: 1, overprint: true });
      pen.rect(20, 90, 50, 12);
      addPage();
    }
    pen.reset('form');
    pen.ink({ kind: 'registration', tint: 1 });
    pen.line(0, 80, 4, 80, 0.25);
    const form = { box: [0, 0, 251, 162], content: pen.bytes(), resources: resources.dictionary } as const;
    writeForm(file, resources.forms.get('frame')!, form);
    embedFont(file, resources.fonts[0]!, squareFont());
  },
  { lists: { typefaces: [squareTypeface], spots: [scratch], artworks, forms: ['frame'] } },
);
const pdf = readPdf(bytes);
const info = pdf.dictionary(pdf.trailer['/Info']);
const packet = pdf.data(pdf.catalogue['/Metadata']).toString('utf8');

function xmp(property: string): string | undefined {
  return new RegExp(`<${property}>(.*?)</${property}>`, 's').exec(packet)?.[1];
}

function dictionaries(): PdfDictionary[] {
  return [...valuesOf(pdf)].filter(
    (value): value is PdfDictionary => typeof value === 'object' && value !== null && !Array.isArray(value),
  );
}

function lacksKeys(...keys: readonly string[]): void {
  for (const dictionary of dictionaries())
    for (const key of keys)
      assert.ok(!(key in dictionary), `${key} in ${JSON.stringify(dictionary).slice(0, 200)}`);
}

function intent(): PdfDictionary {
  const intents = pdf.resolve(pdf.catalogue['/OutputIntents']) as PdfValue[];
  assert.equal(intents.length, 1);
  return pdf.dictionary(intents[0]);
}

function contents(read: ReadPdf): string[] {
  return read.pages.map((page) => read.data(page['/Contents']).toString('latin1'));
}

function boxOf(page: PdfDictionary, name: string): number[] {
  return pdf.resolve(page[name]) as number[];
}

function isInside(inner: readonly number[], outer: readonly number[]): boolean {
  return inner[0]! >= outer[0]! && inner[1]! >= outer[1]! && inner[2]! <= outer[2]! && inner[3]! <= outer[3]!;
}

/**
 * What ISO 15930-7:2010 (PDF/X-4) asks of a file, with its clause, and the clause of ISO 32000-1:2008 that defines the
 * thing. Where only the latter is given, the rule belongs to all of PDF/X.
 */
const rules: readonly { clause: string; rule: string; check: () => void }[] = [
  {
    clause: 'ISO 15930-7, 6.1; ISO 32000-1, 7.5.2',
    rule: 'PDF 1.6 with a binary second line',
    check() {
      assert.equal(bytes.toString('latin1', 0, 9), '%PDF-1.6\n');
      assert.ok(bytes[9] === 0x25 && bytes.subarray(10, 14).every((byte) => byte >= 0x80));
    },
  },
  {
    clause: 'ISO 15930-7, 6.1; ISO 32000-1, 7.5.8',
    rule: 'cross-reference and object streams as PDF 1.6 has them, the file complete up to its end',
    check() {
      assert.match(bytes.toString('latin1', bytes.length - 40), /\nstartxref\n\d+\n%%EOF\n$/);
      assert.ok(dictionaries().some((dictionary) => dictionary['/Type'] === '/ObjStm'));
      lacksKeys('/F', '/FFilter', '/FDecodeParms', '/Prev');
    },
  },
  {
    clause: 'ISO 32000-1, 7.6',
    rule: 'not encrypted',
    check: () => lacksKeys('/Encrypt'),
  },
  {
    clause: 'ISO 32000-1, 7.4.4',
    rule: 'no LZW',
    check: () => assert.ok(![...valuesOf(pdf)].includes('/LZWDecode')),
  },
  {
    clause: 'ISO 15930-7, 6.4.2.1; ISO 32000-1, 14.11.5',
    rule: 'one GTS_PDFX output intent with condition, registry and info',
    check() {
      assert.equal(intent()['/S'], '/GTS_PDFX');
      assert.equal(intent()['/OutputConditionIdentifier'], 'u:FOGRA39');
      assert.equal(intent()['/RegistryName'], 'u:http://www.color.org');
      assert.equal(intent()['/Info'], 'u:Cardwright FOGRA39L Coated');
    },
  },
  {
    clause: 'ISO 15930-7, 6.4.1 and 6.4.2.1',
    rule: 'the output profile is embedded whole: class prtr, space CMYK, version 2 or 4',
    check() {
      const profile = pdf.data(intent()['/DestOutputProfile']);
      assert.deepEqual(profile, Buffer.from(outputIntent.profile));
      assert.equal(profile.toString('latin1', 12, 20), 'prtrCMYK');
      assert.ok(profile[8] === 2 || profile[8] === 4);
      assert.equal(pdf.dictionary(intent()['/DestOutputProfile'])['/N'], 4);
    },
  },
  {
    clause: 'ISO 15930-7, 6.4.3.2',
    rule: 'device colour is CMYK or grey only; RGB carries an ICC profile',
    check() {
      assert.ok(![...valuesOf(pdf)].includes('/DeviceRGB'));
      for (const content of contents(pdf)) assert.doesNotMatch(content, /(^|\s)(rg|RG|g|G)\s/);
      const spaces = dictionaries().flatMap((dictionary) =>
        dictionary['/Subtype'] === '/Image' ? [pdf.resolve(dictionary['/ColorSpace'])] : [],
      );
      const kinds = spaces.map((space) => (Array.isArray(space) ? String(space[0]) : String(space)));
      assert.deepEqual(kinds.sort(), ['/DeviceCMYK', '/DeviceCMYK', '/DeviceGray', '/ICCBased']);
    },
  },
  {
    clause: 'ISO 15930-7, 6.4; ISO 32000-1, 8.6.6.4',
    rule: 'one spot ink is one space with one tint transform and a CMYK alternate',
    check() {
      const separations = [...valuesOf(pdf)].filter(
        (value) => Array.isArray(value) && value[0] === '/Separation',
      );
      const names = separations.map((value) => (value as PdfValue[])[1]);
      assert.equal(names.length, new Set(names).size);
      assert.equal(names.length, 2);
      for (const value of separations) {
        const [, , alternate, transform] = value as PdfValue[];
        assert.equal(alternate, '/DeviceCMYK');
        assert.equal(pdf.dictionary(transform)['/FunctionType'], 2);
      }
    },
  },
  {
    clause: 'ISO 15930-7, 6.6; ISO 32000-1, 7.3.5',
    rule: 'names of inks and fonts are UTF-8, bytes outside printable ASCII as #xx',
    check() {
      const objects = bytes.toString('latin1');
      assert.ok(!objects.includes('Scratch 刮'), 'raw');
      const spelled = [...valuesOf(pdf)].filter(
        (value) => typeof value === 'string' && value.startsWith('/Scratch'),
      );
      assert.equal(spelled.length, 1);
      assert.match(String(spelled[0]), /^\/Scratch(#20| )(刮刮层|#e5#88#ae#e5#88#ae#e5#b1#82)$/i);
    },
  },
  {
    clause: 'ISO 15930-7, 6.5; ISO 32000-1, 9.9',
    rule: 'every font is embedded, with widths, as a subset named so',
    check() {
      const descriptors = dictionaries().filter((dictionary) => dictionary['/Type'] === '/FontDescriptor');
      assert.equal(descriptors.length, 1);
      for (const descriptor of descriptors) {
        assert.ok(pdf.data(descriptor['/FontFile2']).length > 0);
        assert.match(String(descriptor['/FontName']), /^\/[A-Z]{6}\+/);
      }
      for (const font of dictionaries().filter((dictionary) => dictionary['/Subtype'] === '/CIDFontType2')) {
        assert.ok(Array.isArray(pdf.resolve(font['/W'])));
        assert.ok(pdf.data(font['/CIDToGIDMap']).length > 0);
      }
      const simple = dictionaries().filter(
        ({ '/Subtype': kind }) => kind === '/Type1' || kind === '/TrueType',
      );
      assert.equal(simple.length, 0);
    },
  },
  {
    clause: 'ISO 15930-7, 6.10',
    rule: 'XMP names the version of PDF/X and identifies document, version and rendition',
    check() {
      assert.equal(xmp('pdfxid:GTS_PDFXVersion'), 'PDF/X-4');
      assert.ok(packet.includes('xmlns:pdfxid="http://www.npes.org/pdfx/ns/id/"'));
      assert.equal(xmp('xmpMM:DocumentID'), 'uuid:01234567-89ab-cdef-0123-456789abcdef');
      assert.equal(xmp('xmpMM:VersionID'), '1');
      assert.equal(xmp('xmpMM:RenditionClass'), 'default');
    },
  },
  {
    clause: 'ISO 15930-7, 6.10; ISO 32000-1, 14.3',
    rule: 'title and dates are there and the same in both places; the packet is not packed',
    check() {
      assert.equal(info['/Title'], `u:${facts.title}`);
      assert.ok(packet.includes(`<rdf:li xml:lang="x-default">${facts.title}</rdf:li>`));
      for (const date of ['xmp:CreateDate', 'xmp:ModifyDate', 'xmp:MetadataDate'])
        assert.equal(xmp(date), '2026-11-24T09:30:00+08:00');
      for (const date of ['/CreationDate', '/ModDate']) assert.equal(info[date], "u:D:20261124093000+08'00'");
      assert.ok(!('/Filter' in pdf.dictionary(pdf.catalogue['/Metadata'])));
      assert.ok(bytes.includes(Buffer.from('<?xpacket begin="\ufeff"')));
    },
  },
  {
    clause: 'ISO 32000-1, 14.4',
    rule: 'the trailer has an ID',
    check() {
      const id = `b:${facts.documentId}`;
      assert.deepEqual(pdf.trailer['/ID'], [id, id]);
    },
  },
  {
    clause: 'ISO 32000-1, 14.11.6',
    rule: 'trapping is stated, alike in both places',
    check() {
      assert.equal(info['/Trapped'], '/False');
      assert.equal(xmp('pdf:Trapped'), 'False');
    },
  },
  {
    clause: 'ISO 15930-7, 6.12; ISO 32000-1, 14.11.2',
    rule: 'every page has a trim box and no art box, inside the bleed box, inside the media box',
    check() {
      for (const page of pdf.pages) {
        assert.ok(!('/ArtBox' in page) && !('/CropBox' in page));
        assert.ok(isInside(boxOf(page, '/TrimBox'), boxOf(page, '/BleedBox')));
        assert.ok(isInside(boxOf(page, '/BleedBox'), boxOf(page, '/MediaBox')));
      }
    },
  },
  {
    clause: 'ISO 15930-7, 6.13; ISO 32000-1, 10.5 and 10.6',
    rule: 'no transfer functions, halftones, black generation or flatness in graphics states',
    check: () => lacksKeys('/TR', '/TR2', '/HT', '/HTP', '/HTO', '/BG', '/BG2', '/UCR', '/UCR2', '/FL'),
  },
  {
    clause: 'ISO 15930-7, 6.14; ISO 32000-1, 8.8.2',
    rule: 'no PostScript, no reference or OPI XObjects, no alternate images',
    check() {
      lacksKeys('/PS', '/Subtype2', '/Ref', '/OPI', '/Alternates');
      assert.ok(dictionaries().every((dictionary) => dictionary['/Subtype'] !== '/PS'));
    },
  },
  { clause: 'ISO 15930-7, 6.17', rule: 'no annotations', check: () => lacksKeys('/Annots') },
  {
    clause: 'ISO 15930-7, 6.18',
    rule: 'no actions and no JavaScript',
    check: () => lacksKeys('/OpenAction', '/AA', '/JS', '/JavaScript', '/Names', '/URI'),
  },
  {
    clause: 'ISO 15930-7, 6.19',
    rule: 'no operators under BX and EX',
    check() {
      for (const content of contents(pdf)) assert.doesNotMatch(content, /(^|\s)(BX|EX)\s/);
    },
  },
  {
    clause: 'ISO 15930-7, 6.20; ISO 32000-1, 11.6',
    rule: 'nothing transparent: no groups, soft masks, blend modes or alpha',
    check: () => lacksKeys('/Group', '/SMask', '/Mask', '/BM', '/ca', '/CA', '/SMaskInData'),
  },
  {
    clause: 'ISO 15930-7, 6.23; ISO 32000-1, 8.6.5.8',
    rule: 'no rendering intents but the default',
    check: () => lacksKeys('/RI', '/Intent'),
  },
  {
    clause: 'ISO 15930-7, 6.24',
    rule: 'no optional content',
    check: () => lacksKeys('/OCProperties', '/OC'),
  },
  {
    clause: 'ISO 15930-7, 6.25; ISO 32000-1, annex C',
    rule: 'within the limits of readers: names of 127 bytes, q nested 28 deep',
    check() {
      for (const value of valuesOf(pdf))
        if (typeof value === 'string' && value.startsWith('/')) assert.ok(Buffer.byteLength(value) <= 128);
      for (const content of contents(pdf))
        assert.equal(content.match(/(^|\n)q /g)?.length, content.match(/Q\n/g)?.length);
    },
  },
  {
    clause: 'ISO 15930-7, 6.26',
    rule: 'no forms to fill in',
    check: () => lacksKeys('/AcroForm', '/XFA', '/NeedsRendering'),
  },
  {
    clause: 'ISO 32000-1, 7.11.4',
    rule: 'no embedded files',
    check: () => lacksKeys('/EmbeddedFiles', '/EF', '/AF'),
  },
  {
    clause: 'ISO 32000-1, 8.6.7',
    rule: 'overprint is on for what asks for it, with OPM 1, and off again after',
    check() {
      const states = dictionaries().filter((dictionary) => dictionary['/Type'] === '/ExtGState');
      assert.deepEqual(states.map((state) => [state['/OP'], state['/op'], state['/OPM']]).sort(), [
        [false, false, 1],
        [true, true, 1],
      ]);
      for (const content of contents(pdf)) assert.match(content, /\/S0 cs 1 scn\n\/G1 gs\n20 90 50 12 re f/);
    },
  },
];

for (const { clause, rule, check } of rules) test(`${rule} (${clause})`, check);

test('a paper without an output intent claims no PDF/X', async () => {
  const { outputIntent: _, ...plainFacts } = facts;
  const plain = readPdf(await pdfOf(({ addPage }) => addPage(), { facts: plainFacts }));
  assert.ok(!('/OutputIntents' in plain.catalogue));
  assert.ok(!plain.data(plain.catalogue['/Metadata']).includes('pdfxid'));
});
