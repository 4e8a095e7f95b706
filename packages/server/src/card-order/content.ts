import type { CardOrderMake, Environment } from '@cardwright/top';

/** A line of a card order as it is stored; `parValueFen` and `count` are integers as text, so that no reader rounds them. */
export interface StoredLine {
  readonly templateNo: string;
  readonly count: string;
  readonly parValueFen: string;
  readonly cardName: string;
  readonly pictureUrl?: string;
}

/** The lines as JSON text in a fixed key order. */
export function linesJson(order: CardOrderMake): string {
  return JSON.stringify(
    order.card_product_infos.map(
      (line): StoredLine => ({
        templateNo: line.template_no,
        count: String(line.count),
        parValueFen: String(line.par_value),
        cardName: line.card_name,
        ...(line.picture_url === undefined ? {} : { pictureUrl: line.picture_url }),
      }),
    ),
  );
}

/** The receiver as JSON text in a fixed key order, or undefined: personal data, for the vault only. */
export function receiverJson(order: CardOrderMake): string | undefined {
  const receiver = order.logistics_info;
  if (receiver === undefined) return undefined;
  return JSON.stringify({
    name: receiver.receiver_name,
    phone: receiver.receiver_number,
    address: receiver.receiver_address,
    zipCode: receiver.receiver_zip_code,
  });
}

export function cardCountOf(order: CardOrderMake): bigint {
  return order.card_product_infos.reduce((sum, line) => sum + line.count, 0n);
}

const environmentLetters: Readonly<Record<Environment, string>> = { daily: 'D', pre: 'P', online: 'N' };

/**
 * Our own number of an order (`making_card_no`), e.g. `CWD16002-9`: the same for every repeat because it is made
 * from environment and id alone; the last digit (Luhn) catches a slip when it is typed.
 */
export function makingCardNo(environment: Environment, cardOrderId: bigint): string {
  return `CW${environmentLetters[environment]}${cardOrderId}-${luhnDigit(String(cardOrderId))}`;
}

function luhnDigit(digits: string): number {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const weighted = index % 2 === 0 ? digit * 2 : digit;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return (10 - (sum % 10)) % 10;
}
