/** A card as its row holds it: nothing in it reveals a number, a password or a code. */
export interface CardRow {
  readonly templateNo: string;
  readonly platformStatus: string;
  /** 16 bytes, as the next. */
  readonly numberMac: Buffer;
  readonly contentMac: Buffer;
}

export const copyCardsSql = `copy card (card_page_id, number_mac, content_mac, slot, template_no, platform_status)
  from stdin (format binary)`;

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const fieldCount = 6;

/**
 * The rows of one page in PostgreSQL's binary COPY format (PostgreSQL manual, COPY, "Binary Format"), as one buffer:
 * the server parses no text, and nothing is allocated for a card.
 */
export function encodeCardCopy(cardPageId: bigint, cards: readonly CardRow[]): Buffer {
  const fixedBytes = 2 + fieldCount * 4 + 8 + 16 + 16 + 2;
  let size = signature.length + 8 + 2;
  for (const card of cards) {
    size += fixedBytes + Buffer.byteLength(card.templateNo) + Buffer.byteLength(card.platformStatus);
  }
  const bytes = Buffer.allocUnsafe(size);
  let at = signature.copy(bytes);
  at = bytes.writeInt32BE(0, at); // flags
  at = bytes.writeInt32BE(0, at); // length of the header's extension
  const putText = (text: string): void => {
    const length = bytes.write(text, at + 4, 'utf8');
    at = bytes.writeInt32BE(length, at) + length;
  };
  const putBytes = (value: Buffer): void => {
    at = bytes.writeInt32BE(value.length, at);
    at += value.copy(bytes, at);
  };
  for (let slot = 0; slot < cards.length; slot++) {
    const card = cards[slot] as CardRow;
    at = bytes.writeInt16BE(fieldCount, at);
    at = bytes.writeInt32BE(8, at);
    at = bytes.writeBigInt64BE(cardPageId, at);
    putBytes(card.numberMac);
    putBytes(card.contentMac);
    at = bytes.writeInt32BE(2, at);
    at = bytes.writeInt16BE(slot, at);
    putText(card.templateNo);
    putText(card.platformStatus);
  }
  at = bytes.writeInt16BE(-1, at);
  return bytes.subarray(0, at);
}
