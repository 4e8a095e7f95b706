import { readFileSync } from 'node:fs';

/** A file of the sandbox's web page, ready to be sent. */
export interface PageFile {
  readonly contentType: string;
  readonly content: string;
  readonly headers: Readonly<Record<string, string>>;
}

const headers = {
  'cache-control': 'no-cache',
  // The page runs what the sandbox itself serves, and nothing may put a text of the maker's into it as markup.
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

const files: ReadonlyMap<string, PageFile> = new Map(
  [
    ['/', 'page.html', 'text/html'],
    ['/page.css', 'page.css', 'text/css'],
    ['/page.js', 'page.js', 'text/javascript'],
    ['/order-detail.js', 'order-detail.js', 'text/javascript'],
    ['/elements.js', 'elements.js', 'text/javascript'],
  ].map(([path = '', name = '', type = '']) => [
    path,
    {
      contentType: `${type};charset=UTF-8`,
      content: readFileSync(new URL(name, import.meta.url), 'utf8'),
      headers,
    },
  ]),
);

/** The file of the web page at a path, if there is one. */
export function pageFile(path: string): PageFile | undefined {
  return files.get(path);
}
