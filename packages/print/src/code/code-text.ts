import { Refusal } from '../refusal.ts';

/**
 * What the function character FNC1 means: nothing, or GS1: one leads the symbol, and each group separator (U+001D) of the
 * text ends an element of variable length.
 */
export type Fnc1 = 'none' | 'gs1';

/** Refuses texts that no symbol can carry, whatever its kind. The text itself may be a secret and is never quoted. */
export function checkCodeText(text: string, maxCharacters: number): void {
  if (text.length === 0) throw new Refusal('code-empty', 'the text has no characters');
  if (text.length > maxCharacters)
    throw new Refusal(
      'code-too-long',
      `the text has ${text.length} characters, more than the ${maxCharacters} that any symbol of its kind holds`,
    );
  if (!text.isWellFormed())
    throw new Refusal(
      'code-text-broken',
      'the text holds half of a surrogate pair, which no encoding carries',
    );
}
