/**
 * Check digits (校验位) of numbers on cards. Each scheme computes what follows the payload; verification computes it anew.
 *
 * - `luhn`: ISO/IEC 7812-1 Annex B, card numbers (卡号)
 * - `gs1`: GS1 General Specifications §7.9, GTIN and SSCC (商品条码)
 * - `mod-11-2`: ISO/IEC 7064, as of GB 11643 identity numbers and ORCID; the digit may be X
 * - `mod-11-10`: ISO/IEC 7064, hybrid
 * - `mod-97-10`: ISO/IEC 7064, two digits
 */
export const checkSchemes = ['luhn', 'gs1', 'mod-11-2', 'mod-11-10', 'mod-97-10'] as const;
type CheckScheme = (typeof checkSchemes)[number];

const zero = 0x30;

/** How many characters the check takes at the end of a number. */
export function checkLength(scheme: CheckScheme): number {
  return scheme === 'mod-97-10' ? 2 : 1;
}

/** The check digits of a payload; undefined if it is not digits alone. */
export function checkDigits(scheme: CheckScheme, payload: string): string | undefined {
  if (!isDigits(payload)) return undefined;
  return computations[scheme](payload);
}

/** Whether a number ends with its check digits. */
export function hasCheckDigits(scheme: CheckScheme, number: string): boolean {
  const split = number.length - checkLength(scheme);
  return split > 0 && checkDigits(scheme, number.slice(0, split)) === number.slice(split);
}

/** One digit or more, and nothing else. */
export function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - zero;
    if (digit < 0 || digit > 9) return false;
  }
  return text !== '';
}

const computations: Readonly<Record<CheckScheme, (payload: string) => string>> = {
  luhn(payload) {
    let sum = 0;
    let isDoubled = true;
    for (let i = payload.length - 1; i >= 0; i--) {
      const digit = payload.charCodeAt(i) - zero;
      sum += !isDoubled ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
      isDoubled = !isDoubled;
    }
    return String((10 - (sum % 10)) % 10);
  },
  gs1(payload) {
    let sum = 0;
    let weight = 3;
    for (let i = payload.length - 1; i >= 0; i--) {
      sum += (payload.charCodeAt(i) - zero) * weight;
      weight = 4 - weight;
    }
    return String((10 - (sum % 10)) % 10);
  },
  'mod-11-2'(payload) {
    let product = 0;
    for (let i = 0; i < payload.length; i++) product = ((product + payload.charCodeAt(i) - zero) * 2) % 11;
    const check = (12 - product) % 11;
    return check === 10 ? 'X' : String(check);
  },
  'mod-11-10'(payload) {
    let product = 10;
    for (let i = 0; i < payload.length; i++) {
      const sum = (product + payload.charCodeAt(i) - zero) % 10;
      product = ((sum === 0 ? 10 : sum) * 2) % 11;
    }
    return String((11 - product) % 10);
  },
  'mod-97-10'(payload) {
    let rest = 0;
    for (let i = 0; i < payload.length; i++) rest = (rest * 10 + payload.charCodeAt(i) - zero) % 97;
    return String(98 - ((rest * 100) % 97)).padStart(2, '0');
  },
};
