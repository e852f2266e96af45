/** What is said about a password while it is typed. The rules are the server's, which decides; passwords.vectors.json
 * holds the two together. */

const RATED_CHARS = 32; // from each end: zxcvbn's cost grows with the square of the length
const MIN_SCORE = 3;
const MIN_OWN_CHARS = 8;
const MAX_LENGTH = 128;

export type Verdict = 'too_short' | 'too_long' | 'contains_identity' | 'too_common' | 'good';

/** Rates a password as the server does. `atLeast` is its length in code points; `personal` is what others know of the
 * owner, such as the name. Loads zxcvbn at the first call, so it takes a moment. */
export async function rate(password: string, atLeast: number, personal: readonly string[]): Promise<Verdict> {
  const normal = password.normalize('NFC');
  if (codePoints(normal) < atLeast) return 'too_short';
  if (codePoints(normal) > MAX_LENGTH) return 'too_long';
  const known = [...personal.filter((text) => text !== ''), 'Bookshelf'];
  if (isMadeOf(normal, known)) return 'contains_identity';
  return (await score(normal, known)) < MIN_SCORE ? 'too_common' : 'good';
}

/** How hard it is to guess, from 0 to 4. */
async function score(password: string, known: string[]): Promise<number> {
  const { default: zxcvbn } = await import('zxcvbn');
  const betterEnd = (text: string) => {
    const chars = [...text];
    const ends = [chars.slice(0, RATED_CHARS), chars.slice(-RATED_CHARS)];
    return Math.max(...ends.map((end) => zxcvbn(end.join(''), known).score));
  };
  // Without separators too: to zxcvbn one blank makes a phrase of "password password".
  return Math.min(betterEnd(password), betterEnd(password.replace(SEPARATORS, '')));
}

/** Whether little remains without the words that others know. */
function isMadeOf(password: string, known: readonly string[]): boolean {
  const parts = new Set(known.flatMap((text) => [text.toLowerCase(), ...text.toLowerCase().split(NO_WORD)]));
  const words = [...parts].filter((word) => codePoints(word) >= 3).sort((a, b) => b.length - a.length);
  const lower = password.toLowerCase();
  const rest = words.reduce((text, word) => text.replaceAll(word, ''), lower);
  return rest !== lower && codePoints(rest.replace(NO_WORD, '')) < MIN_OWN_CHARS;
}

const SEPARATORS = /[ ._,-]/g;
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
