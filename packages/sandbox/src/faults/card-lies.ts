import type { Dice } from './dice.ts';
import type { FaultKind } from './kinds.ts';
import { cardOf, edited } from './listing-lies.ts';
import type { Strike } from './plan.ts';

type CardLie = (text: string, strike: Strike) => string;

/** Whether a lie says what is only a lie because it was said otherwise before. */
const laterOnly: ReadonlySet<FaultKind> = new Set(['other-password-later', 'other-qr-later', 'status-later']);

/**
 * Tells cards as `strike` wants them told: one of them otherwise than it is, or all (extra-fields). Undefined if
 * that lie cannot be told of these. `isAgain`: they were asked for before.
 */
export function lieAboutCards(
  texts: readonly string[],
  strike: Strike,
  isAgain: boolean,
): readonly string[] | undefined {
  const tell = lies[strike.kind];
  if (tell === undefined || texts.length === 0 || (laterOnly.has(strike.kind) && !isAgain)) return undefined;
  if (strike.kind === 'extra-fields') return texts.map((text) => tell(text, strike));
  const at = victimOf(texts, strike);
  return texts.with(at, tell(texts[at]!, strike));
}

/** Which card is lied about; where a leading zero is to be lost, one that has it, if there is any. */
function victimOf(texts: readonly string[], { kind, dice }: Strike): number {
  const zero =
    kind === 'number-as-json-number' ? texts.findIndex((text) => text.startsWith('{"cardNo":"0')) : -1;
  return zero >= 0 ? zero : dice(texts.length);
}

const fields = ['cardNo', 'cardPassword', 'templateNo', 'status'] as const;

const lies: Partial<Record<FaultKind, CardLie>> = {
  'field-missing': (text, { dice }) => edited(text, { [fields[dice(fields.length)]!]: undefined }),
  'empty-password': (text) => edited(text, { cardPassword: '' }),
  'not-json': (text, { dice }) => text.slice(0, 1 + dice(text.length - 1)),
  'number-as-json-number': (text) => text.replace(/"cardNo":"0*(\d+)"/, '"cardNo":$1'),
  'other-password-later': (text, { dice }) =>
    edited(text, { cardPassword: otherSigns(text, 'cardPassword', dice) }),
  'other-qr-later': (text, { dice }) => edited(text, { qrCode: otherSigns(text, 'qrCode', dice) }),
  'other-status': (text) => edited(text, { status: 'FROZEN' }),
  'status-later': (text) => edited(text, { status: 'USED' }),
  'extra-fields': (text) => edited(text, { batchNo: 7, issuer: { name: '汇金' }, tags: [] }),
  'null-value': (text, { dice }) => edited(text, { [fields[dice(fields.length)]!]: null }),
  'huge-field': (text, { value }) => edited(text, { qrCode: 'Q'.repeat(value) }),
  'control-characters'(text, { dice }) {
    const password = String(cardOf(text)['cardPassword']);
    const control = ['\u0000', '\u0007', '\n', '\u001b', '\u0085'][dice(5)]!;
    return edited(text, { cardPassword: `${password.slice(0, 4)}${control}${password.slice(4)}` });
  },
};

/** A field's text with its last sign replaced by another one of the same alphabet. */
function otherSigns(text: string, field: string, dice: Dice): string {
  const value = String(cardOf(text)[field]);
  const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'.replace(value.at(-1) ?? '', '');
  return value.slice(0, -1) + alphabet[dice(alphabet.length)];
}
