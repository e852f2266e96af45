/** What is said about a password while it is typed. The rules are the server's, which decides; passwords.vectors.json
 * holds the two together. */

const MIN_OWN_CHARS = 8;
const MAX_LENGTH = 128;

export type Verdict = 'too_short' | 'too_long' | 'contains_identity' | 'too_common' | 'good';

/** Rates a password as the server does. `atLeast` is its length in code points; `personal` is what others know of the
 * owner, such as the name. Loads the words that many people choose at the first call, so it takes a moment. */
export async function rate(password: string, atLeast: number, personal: readonly string[]): Promise<Verdict> {
  const normal = password.normalize('NFC');
  if (codePoints(normal) < atLeast) return 'too_short';
  if (codePoints(normal) > MAX_LENGTH) return 'too_long';
  const known = wordsOf([...personal, 'Bookshelf']);
  if (isMadeOf(normal, known)) return 'contains_identity';
  const { isHardToGuess } = await import('./rating');
  return isHardToGuess(normal, known, atLeast) ? 'good' : 'too_common';
}

/** Whether little remains without the words that others know. */
function isMadeOf(password: string, known: readonly string[]): boolean {
  const lower = password.toLowerCase();
  const longestFirst = [...known].sort((a, b) => b.length - a.length);
  const rest = longestFirst.reduce((text, word) => text.replaceAll(word, ''), lower);
  return rest !== lower && codePoints(rest.replace(NO_WORD, '')) < MIN_OWN_CHARS;
}

/** These texts, and the words in them. */
function wordsOf(texts: readonly string[]): string[] {
  const parts = texts.map((text) => text.toLowerCase()).flatMap((text) => [text, ...text.split(NO_WORD)]);
  return [...new Set(parts)].filter((part) => codePoints(part) >= 3);
}

const NO_WORD = /[^\p{L}\p{N}]+/gu;

/** The line under the field; while the password is too short that is `progress`. */
export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  too_short: '',
  too_long: `Use at most ${MAX_LENGTH} characters.`,
  contains_identity: 'Made of your name, your address or our name: easy to guess.',
  too_common: 'Long enough, but easy to guess.',
  good: 'Good: long, and hard to guess.',
};

/** How far the typing got, in code points. */
export const progress = (typed: number, atLeast: number) => `${typed} of ${atLeast} characters`;

/** The length as the server counts it: an emoji is one character. */
export const codePoints = (text: string) => [...text.normalize('NFC')].length;
