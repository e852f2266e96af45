/** What is said about a password while it is typed: the server's rules (flask_tokenauth/passwords.py), which decides. */

import { length } from './failure';

const RATED_CHARS = 32; // from each end: zxcvbn's cost grows with the square of the length
const MIN_SCORE = 3;
const MIN_OWN_CHARS = 8;
const MAX_LENGTH = 128;

export type Verdict = 'too_short' | 'too_long' | 'contains_identity' | 'too_common' | 'good';

/** `personal` is what others know of the owner: name, address, and the product's name. Loads zxcvbn at the first call. */
export async function judge(
  password: string,
  atLeast: number,
  personal: readonly string[],
): Promise<Verdict> {
  const normal = password.normalize('NFC');
  if (length(normal) < atLeast) return 'too_short';
  if (length(normal) > MAX_LENGTH) return 'too_long';
  const known = [...personal.filter((text) => text !== ''), 'Bookshelf'];
  if (isMadeOf(normal, known)) return 'contains_identity';
  const { default: zxcvbn } = await import('zxcvbn');
  const betterEnd = (text: string) => {
    const chars = [...text];
    const ends = [chars.slice(0, RATED_CHARS), chars.slice(-RATED_CHARS)];
    return Math.max(...ends.map((end) => zxcvbn(end.join(''), known).score));
  };
  // Without separators too: to zxcvbn one blank makes a phrase of "password password".
  const score = Math.min(betterEnd(normal), betterEnd(normal.replace(SEPARATORS, '')));
  return score < MIN_SCORE ? 'too_common' : 'good';
}

/** Whether little remains without the words that others know. */
function isMadeOf(password: string, known: readonly string[]): boolean {
  const parts = new Set(known.flatMap((text) => [text.toLowerCase(), ...text.toLowerCase().split(NO_WORD)]));
  const words = [...parts].filter((word) => length(word) >= 3).sort((a, b) => b.length - a.length);
  const lower = password.toLowerCase();
  const rest = words.reduce((text, word) => text.replaceAll(word, ''), lower);
  return rest !== lower && length(rest.replace(NO_WORD, '')) < MIN_OWN_CHARS;
}

const SEPARATORS = /[ ._,-]/g;
const NO_WORD = /[^\p{L}\p{N}]+/gu;

/** The line under the field. */
export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  too_short: '',
  too_long: `Use at most ${MAX_LENGTH} characters.`,
  contains_identity: 'Made of your name, your address or our name: easy to guess.',
  too_common: 'Long enough, but easy to guess.',
  good: 'Good: long, and hard to guess.',
};

export const progress = (typed: number, atLeast: number) => `${typed} of ${atLeast} characters`;
