/**
 * Which characters may be drawn one after the other, each with the glyph that the font's character map has for it. All
 * others need shaping (joined letters, marks above and below, text from right to left), which this package does not do:
 * drawn without it they look right to nobody who reads them. No typeface has a glyph for those, so whoever asks one
 * refuses them.
 *
 * Scripts are listed by what is allowed: a script that Unicode adds tomorrow is refused until someone has looked at it.
 */
const oneByOne =
  /^[\p{Script=Common}\p{Script=Han}\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\p{Script=Lisu}\p{Script=Armenian}\p{Script=Georgian}\p{Script=Cherokee}\p{Script=Canadian_Aboriginal}\p{Script=Nushu}\p{Script=Tangut}\p{Script=Braille}]$/u;

/** Marks, controls, formatting (bidi overrides, joiners), surrogates, line separators, and what Unicode hides by default. */
const neverAlone = /^[\p{M}\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]$/u;

/** U+FFFD says that a text was decoded wrongly, U+FFFC that something is missing. */
const replacements = new Set([0xfffc, 0xfffd]);

export type Obstacle = 'control' | 'combining' | 'script' | 'replacement' | 'selector' | 'unassigned';

/** Why a character cannot be drawn alone; undefined where it can, in a font that has it. */
export function obstacleOf(codePoint: number): Obstacle | undefined {
  if (isPlainHan(codePoint)) return undefined;
  if (isVariationSelector(codePoint)) return 'selector';
  if (replacements.has(codePoint)) return 'replacement';
  if (isJoiningJamo(codePoint)) return 'combining';
  const character = String.fromCodePoint(codePoint);
  if (neverAlone.test(character)) return /\p{M}/u.test(character) ? 'combining' : 'control';
  if (oneByOne.test(character) || isPrivate(codePoint)) return undefined;
  if (/\p{Cn}/u.test(character)) return 'unassigned';
  return 'script';
}

/** Without a look at Unicode's tables, which may be older than the font: blocks of ideographs, planes 2 and 3. */
function isPlainHan(codePoint: number): boolean {
  return (
    (codePoint >= 0x3400 && codePoint <= 0x9fff && !(codePoint >= 0x4dc0 && codePoint <= 0x4dff)) ||
    (codePoint >= 0x20000 && codePoint <= 0x3fffd && (codePoint & 0xfffe) !== 0xfffe)
  );
}

/** Asks for a special form of the character before it (ideographic variation sequences among them). */
export function isVariationSelector(codePoint: number): boolean {
  return (codePoint >= 0xfe00 && codePoint <= 0xfe0f) || (codePoint >= 0xe0100 && codePoint <= 0xe01ef);
}

/** Parts of Hangul syllables that join; U+3131 to U+318E stand alone. */
function isJoiningJamo(codePoint: number): boolean {
  return (
    (codePoint >= 0x1100 && codePoint <= 0x11ff) ||
    (codePoint >= 0xa960 && codePoint <= 0xa97f) ||
    (codePoint >= 0xd7b0 && codePoint <= 0xd7ff)
  );
}

/** Factories draw characters that no standard has there (造字). They mean something in the user's own font only. */
function isPrivate(codePoint: number): boolean {
  return (codePoint >= 0xe000 && codePoint <= 0xf8ff) || (codePoint >= 0xf0000 && codePoint <= 0x10fffd);
}
