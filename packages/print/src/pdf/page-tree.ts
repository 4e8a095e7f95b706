import type { Ref } from './syntax.ts';

/** Kids of one node: a million pages are three levels, and a node is a few kilobytes. */
const kidsPerNode = 256;

interface OpenNode {
  ref: Ref;
  kids: string[];
  pages: number;
}

/**
 * A balanced page tree made while pages come (ISO 32000-1, 7.7.3): of each level one node is open, a full one is written
 * and forgotten, so that memory holds the tree's height and not its pages.
 */
export class PageTree {
  readonly #allocate: () => Ref;
  readonly #write: (ref: Ref, body: string) => void;
  readonly #levels: OpenNode[] = [];
  #pages = 0;

  constructor(allocate: () => Ref, write: (ref: Ref, body: string) => void) {
    this.#allocate = allocate;
    this.#write = write;
  }

  get pages(): number {
    return this.#pages;
  }

  /** Adds the page and answers its parent. */
  add(page: Ref): Ref {
    const leaf = this.#openNode(0);
    leaf.kids.push(`${page} 0 R`);
    leaf.pages++;
    this.#pages++;
    return leaf.ref;
  }

  /** Writes the nodes that are still open; answers the root. */
  finish(): Ref {
    for (let level = 0; ; level++) {
      const node = this.#levels[level];
      if (!node) throw new Error('a PDF file needs a page');
      if (level === this.#levels.length - 1) {
        this.#write(node.ref, nodeBody(node, ''));
        return node.ref;
      }
      this.#close(level, node);
    }
  }

  /** The level's open node with room for one more kid. */
  #openNode(level: number): OpenNode {
    const open = this.#levels[level];
    if (open && open.kids.length < kidsPerNode) return open;
    if (open) this.#close(level, open);
    const node = { ref: this.#allocate(), kids: [], pages: 0 };
    this.#levels[level] = node;
    return node;
  }

  #close(level: number, node: OpenNode): void {
    const parent = this.#openNode(level + 1);
    parent.kids.push(`${node.ref} 0 R`);
    parent.pages += node.pages;
    this.#write(node.ref, nodeBody(node, `/Parent ${parent.ref} 0 R`));
  }
}

function nodeBody(node: OpenNode, parent: string): string {
  return `<</Type/Pages${parent}/Count ${node.pages}/Kids[${node.kids.join(' ')}]>>`;
}
