import { SaxesParser } from 'saxes';

/** An XML element: its children in order and its own text. Attributes carry nothing in this protocol. */
export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

export type XmlReading = { ok: true; root: XmlElement } | { ok: false; problem: string };

const maxDepth = 16;
const maxElements = 50_000;

interface OpenElement {
  name: string;
  children: XmlElement[];
  text: string;
}

class XmlProblem extends Error {}

/**
 * Reads one XML 1.0 document. DOCTYPE is refused before parsing, which leaves only the five predefined
 * entities and character references: nothing can expand. Depth and number of elements are bounded.
 */
export function readXml(text: string): XmlReading {
  if (/<!DOCTYPE/i.test(text)) return { ok: false, problem: 'DOCTYPE is not allowed' };
  const open: OpenElement[] = [];
  let root: XmlElement | undefined;
  let elements = 0;
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw new XmlProblem(error.message);
  });
  parser.on('opentag', (tag) => {
    if (open.length >= maxDepth) throw new XmlProblem(`nested deeper than ${maxDepth} levels`);
    if (++elements > maxElements) throw new XmlProblem(`more than ${maxElements} elements`);
    open.push({ name: tag.name, children: [], text: '' });
  });
  const addText = (part: string): void => {
    const top = open.at(-1);
    if (top !== undefined) top.text += part;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const closed = open.pop();
    if (closed === undefined) return;
    const element: XmlElement = {
      name: closed.name,
      children: closed.children,
      text: closed.children.length > 0 && closed.text.trim() === '' ? '' : closed.text,
    };
    const parent = open.at(-1);
    if (parent === undefined) root = element;
    else parent.children.push(element);
  });
  try {
    parser.write(text).close();
  } catch (error) {
    if (error instanceof XmlProblem) return { ok: false, problem: error.message };
    throw error;
  }
  return root === undefined ? { ok: false, problem: 'no root element' } : { ok: true, root };
}

/** Escapes character data for an XML element; control characters that XML 1.0 cannot carry become U+FFFD. */
export function escapeXmlText(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>\r]/g, (sign) =>
      sign === '&' ? '&amp;' : sign === '<' ? '&lt;' : sign === '>' ? '&gt;' : '&#13;',
    );
}
