import { documentDate, stringText } from './syntax.ts';

/** What a file says about itself. */
export interface DocumentFacts {
  readonly title: string;
  /** ISO 8601 with seconds and an offset. */
  readonly createdAt: string;
  /** 32 hexadecimal digits, the same for the same document: half of a hash of what is printed will do. */
  readonly documentId: string;
  readonly producerVersion?: string;
}

interface CleanFacts {
  readonly title: string;
  readonly producer: string;
  readonly uuid: string;
  readonly iso: string;
  readonly pdf: string;
}

/** The facts as both spellings need them. Throws a `RangeError` where an id or a moment is none. */
export function metadataFacts(facts: DocumentFacts): CleanFacts {
  const id = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/i.exec(facts.documentId);
  if (!id) throw new RangeError('a document id is 32 hexadecimal digits');
  const version = facts.producerVersion === undefined ? '' : ` ${facts.producerVersion}`;
  return {
    ...documentDate(facts.createdAt),
    title: cleanText(facts.title),
    producer: cleanText(`Cardwright Print${version}`),
    uuid: `uuid:${id.slice(1).join('-').toLowerCase()}`,
  };
}

/** The info dictionary. Its title and dates equal the XMP packet's, as PDF/X-4 asks. */
export function infoBody(facts: DocumentFacts): string {
  const { title, producer, pdf } = metadataFacts(facts);
  return (
    `<</Title${stringText(title)}/Creator${stringText(producer)}/Producer${stringText(producer)}` +
    `/CreationDate(${pdf})/ModDate(${pdf})/Trapped/False>>`
  );
}

/** The XMP packet (ISO 16684-1); with `isPdfX4` it claims PDF/X-4. */
export function xmpPacket(facts: DocumentFacts, isPdfX4: boolean): Uint8Array {
  const { title, producer, uuid, iso } = metadataFacts(facts);
  const maker = xmlText(producer);
  const pdfX = isPdfX4
    ? `<rdf:Description rdf:about="" xmlns:pdfxid="http://www.npes.org/pdfx/ns/id/">
<pdfxid:GTS_PDFXVersion>PDF/X-4</pdfxid:GTS_PDFXVersion>
</rdf:Description>
`
    : '';
  return Buffer.from(`<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">${xmlText(title)}</rdf:li></rdf:Alt></dc:title>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<xmp:CreateDate>${iso}</xmp:CreateDate>
<xmp:ModifyDate>${iso}</xmp:ModifyDate>
<xmp:MetadataDate>${iso}</xmp:MetadataDate>
<xmp:CreatorTool>${maker}</xmp:CreatorTool>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/">
<xmpMM:DocumentID>${uuid}</xmpMM:DocumentID>
<xmpMM:InstanceID>${uuid}</xmpMM:InstanceID>
<xmpMM:VersionID>1</xmpMM:VersionID>
<xmpMM:RenditionClass>default</xmpMM:RenditionClass>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<pdf:Producer>${maker}</pdf:Producer>
<pdf:Trapped>False</pdf:Trapped>
</rdf:Description>
${pdfX}</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>`);
}

/** XML 1.0 has no place for control characters, lone surrogates and non-characters: both spellings lose them alike. */
function cleanText(text: string): string {
  return text.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g, '\ufffd');
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
