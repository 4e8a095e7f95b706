/** The secrets of one card as the platform gave them. */
export interface CardSecrets {
  readonly cardNo: string;
  readonly cardPassword: string;
  readonly qrCode?: string;
  readonly shortQrCode?: string;
}

/** Where one card's fields lie in the encoded bytes. */
export interface Extent {
  readonly start: number;
  /** End of the card number, which comes first. */
  readonly numberEnd: number;
  readonly end: number;
}

const codecVersion = 1;
/** A field is stored as its UTF-8 length plus one (16 bits, big endian; 0: absent), then its bytes. */
const longestFieldBytes = 0xfffe;

/**
 * Encodes cards into one buffer of its own, used again for each page: `use` must not keep the bytes, they are
 * overwritten with zeros before this returns. Format: version, then number, password and both codes of each card.
 * @throws RangeError for a field of more than 65,534 bytes or that is no Unicode text; the message names no content.
 */
export class CardEncoder {
  #bytes = Buffer.alloc(64 * 1024);

  encode<T>(cards: readonly CardSecrets[], use: (bytes: Buffer, extents: readonly Extent[]) => T): T {
    this.#reserve(cards);
    const bytes = this.#bytes;
    let at = 0;
    try {
      bytes[at++] = codecVersion;
      const extents: Extent[] = new Array(cards.length);
      for (let index = 0; index < cards.length; index++) {
        const card = cards[index] as CardSecrets;
        const start = at;
        const numberEnd = writeField(bytes, start, card.cardNo);
        at = writeField(bytes, numberEnd, card.cardPassword);
        at = writeField(bytes, at, card.qrCode);
        at = writeField(bytes, at, card.shortQrCode);
        extents[index] = { start, numberEnd, end: at };
      }
      return use(bytes.subarray(0, at), extents);
    } finally {
      bytes.fill(0);
    }
  }

  #reserve(cards: readonly CardSecrets[]): void {
    let most = 1;
    for (const { cardNo, cardPassword, qrCode, shortQrCode } of cards) {
      const units = cardNo.length + cardPassword.length + (qrCode?.length ?? 0) + (shortQrCode?.length ?? 0);
      most += 8 + 3 * units;
    }
    if (most > this.#bytes.length) this.#bytes = Buffer.alloc(most);
  }
}

/** Decodes what `CardEncoder` wrote; undefined where the bytes are anything else. */
export function decodeCards(bytes: Buffer): CardSecrets[] | undefined {
  if (bytes[0] !== codecVersion) return undefined;
  const cards: CardSecrets[] = [];
  let at = 1;
  const readField = (): string | undefined => {
    const stored = bytes.readUInt16BE(at);
    at += 2;
    if (stored === 0) return undefined;
    const end = at + stored - 1;
    if (end > bytes.length) throw new RangeError('cut off');
    const text = bytes.toString('utf8', at, end);
    at = end;
    return text;
  };
  try {
    while (at < bytes.length) {
      const [cardNo, cardPassword] = [readField(), readField()];
      const [qrCode, shortQrCode] = [readField(), readField()];
      if (cardNo === undefined || cardPassword === undefined) return undefined;
      cards.push({
        cardNo,
        cardPassword,
        ...(qrCode === undefined ? {} : { qrCode }),
        ...(shortQrCode === undefined ? {} : { shortQrCode }),
      });
    }
  } catch {
    return undefined;
  }
  return cards;
}

/** Writes a length-prefixed field and answers where the next one starts. */
export function writeField(bytes: Buffer, at: number, text: string | undefined): number {
  if (text === undefined) {
    bytes[at] = 0;
    bytes[at + 1] = 0;
    return at + 2;
  }
  const start = at + 2;
  // Nearly all fields are ASCII; a loop writes 20 characters in a fifth of the time of a call into the runtime.
  let end = start;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) {
      if (!text.isWellFormed()) throw new RangeError('a card field is no Unicode text');
      end = start + bytes.write(text, start, 'utf8');
      break;
    }
    bytes[end++] = code;
  }
  const length = end - start;
  if (length > longestFieldBytes) throw new RangeError('a card field is longer than 65,534 bytes');
  bytes[at] = (length + 1) >> 8;
  bytes[at + 1] = (length + 1) & 0xff;
  return end;
}
