/**
 * A strict, lossless JSON reader for signed foreign input.
 *
 * `JSON.parse` merges neighbouring 64-bit ids into one double, lets the last of two equal keys win and
 * recurses as deep as the sender likes. Here numbers keep their source text, equal keys and deep nesting are
 * refused, and objects are Maps, so that `__proto__` is a key like any other.
 */

/** A JSON number as it was written. */
export class JsonNumber {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

export type JsonObject = ReadonlyMap<string, JsonValue>;
export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;

export type JsonReading = { ok: true; value: JsonValue } | { ok: false; offset: number; problem: string };

const maxDepth = 16;
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const loneSurrogate = 'half a surrogate pair in a text';
const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const plainText = /[^"\\\u0000-\u001f]*/y;
const hex4 = /^[0-9a-fA-F]{4}$/;
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class JsonProblem {
  readonly offset: number;
  readonly problem: string;
  constructor(offset: number, problem: string) {
    this.offset = offset;
    this.problem = problem;
  }
}

/** Reads one JSON text (RFC 8259), refusing what is ambiguous: equal keys, more than 16 levels, lone surrogates. */
export function readJson(text: string): JsonReading {
  const reader = new Reader(text);
  try {
    return { ok: true, value: reader.document() };
  } catch (error) {
    if (error instanceof JsonProblem) return { ok: false, offset: error.offset, problem: error.problem };
    throw error;
  }
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonValue {
    const value = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) this.#fail('text after the end of the value');
    return value;
  }

  #fail(problem: string): never {
    throw new JsonProblem(this.#at, problem);
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #value(depth: number): JsonValue {
    if (depth > maxDepth) this.#fail(`nested deeper than ${maxDepth} levels`);
    this.#space();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail('not a JSON value');
    this.#at += word.length;
    return value;
  }

  #number(): JsonNumber {
    const start = this.#at;
    numberPattern.lastIndex = start;
    if (!numberPattern.test(this.#text)) this.#fail('not a JSON value');
    this.#at = numberPattern.lastIndex;
    return new JsonNumber(this.#text.slice(start, this.#at));
  }

  #object(depth: number): JsonObject {
    const object = new Map<string, JsonValue>();
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === '}') {
      this.#at++;
      return object;
    }
    for (;;) {
      this.#space();
      if (this.#text.charCodeAt(this.#at) !== quote) this.#fail('a key in double quotes was expected');
      const key = this.#string();
      if (object.has(key)) this.#fail('the same key twice in one object');
      this.#space();
      if (this.#text.charCodeAt(this.#at) !== colon) this.#fail('a colon was expected');
      this.#at++;
      object.set(key, this.#value(depth + 1));
      if (this.#endOfMember('}')) return object;
    }
  }

  #array(depth: number): readonly JsonValue[] {
    const array: JsonValue[] = [];
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === ']') {
      this.#at++;
      return array;
    }
    for (;;) {
      array.push(this.#value(depth + 1));
      if (this.#endOfMember(']')) return array;
    }
  }

  #endOfMember(close: '}' | ']'): boolean {
    this.#space();
    const next = this.#text.charCodeAt(this.#at);
    const isOver = next === close.charCodeAt(0);
    if (next !== comma && !isOver) this.#fail(`a comma or ${close} was expected`);
    this.#at++;
    return isOver;
  }

  #string(): string {
    const text = this.#text;
    plainText.lastIndex = this.#at + 1;
    plainText.test(text);
    const end = plainText.lastIndex;
    if (text.charCodeAt(end) === quote) {
      const plain = text.slice(this.#at + 1, end);
      if (!plain.isWellFormed()) this.#fail(loneSurrogate);
      this.#at = end + 1;
      return plain;
    }
    return (text[end] === '\\' ? this.#escapedString() : undefined) ?? this.#wrongString();
  }

  /**
   * A text with escapes, such as the JSON text of a card inside an answer, four times as fast as piece by piece.
   * Undefined where it is wrong: the slow way finds out where.
   */
  #escapedString(): string | undefined {
    const end = this.#endOfString();
    if (end === undefined) return undefined;
    let result: string;
    try {
      // Of one JSON string it takes exactly what RFC 8259 allows.
      result = JSON.parse(this.#text.slice(this.#at, end)) as string;
    } catch {
      return undefined;
    }
    if (!result.isWellFormed()) return undefined;
    this.#at = end;
    return result;
  }

  /** The place after the quote that is not escaped. */
  #endOfString(): number | undefined {
    const text = this.#text;
    for (let from = this.#at + 1; ; ) {
      const next = text.indexOf('"', from);
      if (next < 0) return undefined;
      let backslashes = 0;
      while (text[next - 1 - backslashes] === '\\') backslashes++;
      if (backslashes % 2 === 0) return next + 1;
      from = next + 1;
    }
  }

  /** Reads piece by piece, up to what is wrong. */
  #wrongString(): string {
    const text = this.#text;
    let start = this.#at + 1;
    let result = '';
    for (;;) {
      plainText.lastIndex = start;
      plainText.test(text);
      this.#at = plainText.lastIndex;
      result += text.slice(start, this.#at);
      const stop = text[this.#at];
      if (stop === '"') break;
      if (stop !== '\\')
        this.#fail(stop === undefined ? 'a text without its end' : 'a control character in a text');
      result += this.#escape();
      start = this.#at;
    }
    if (!result.isWellFormed()) this.#fail(loneSurrogate);
    this.#at++;
    return result;
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? '';
    if (letter === 'u') {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6);
      if (!hex4.test(digits)) this.#fail('a bad \\u escape');
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const plain = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
    if (plain === undefined) this.#fail('a bad escape');
    this.#at += 2;
    return plain;
  }
}
