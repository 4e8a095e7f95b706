import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkDigits, checkLength, checkSchemes, hasCheckDigits } from '../../src/perso/check-digits.ts';

/**
 * Numbers that others have published, each with its check digits: test card numbers of the payment networks, examples of
 * the GS1 General Specifications, GB 11643, ORCID, ISO/IEC 7064, German tax numbers, an IBAN as digits (ISO 13616).
 */
const published = {
  luhn: ['79927398713', '4111111111111111', '5500005555555559', '378282246310005', '6200000000000005'],
  gs1: ['6291041500213', '4006381333931', '96385074', '036000291452', '106141412345678908'],
  'mod-11-2': ['11010519491231002X', '440524188001010014', '0000000218250097', '07940', '079X'],
  'mod-11-10': ['07945', '86095742719', '47036892816', '65929970489', '136695976'],
  'mod-97-10': ['79444', '3214282912345698765432161182'],
} as const;

for (const scheme of checkSchemes) {
  test(`${scheme}: published numbers hold`, () => {
    for (const number of published[scheme]) {
      const payload = number.slice(0, -checkLength(scheme));
      assert.equal(payload + checkDigits(scheme, payload), number);
      assert.ok(hasCheckDigits(scheme, number));
    }
  });

  test(`${scheme}: every changed digit is found`, () => {
    const digits = fc.stringMatching(/^\d{1,30}$/);
    fc.assert(
      fc.property(digits, fc.nat(), fc.integer({ min: 1, max: 9 }), (payload, place, change) => {
        const number = payload + checkDigits(scheme, payload);
        assert.ok(hasCheckDigits(scheme, number));
        const at = place % payload.length;
        const digit = (Number(payload[at]) + change) % 10;
        assert.ok(!hasCheckDigits(scheme, number.slice(0, at) + digit + number.slice(at + 1)));
      }),
    );
  });

  test(`${scheme}: only digits are computed of`, () => {
    for (const text of ['', '12a', '１２', '-1', '1.0', ' 1'])
      assert.equal(checkDigits(scheme, text), undefined);
    assert.equal(hasCheckDigits(scheme, '0'), false);
  });
}
