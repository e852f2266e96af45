/** How hard a password is to guess, by the rules of the server (backend/flask_tokenkeep/people/rating.py). */

import { fold, parseCommon, SHORTEST_PHRASE, SHORTEST_ROW } from './common';
import list from './common.txt?raw';

const COMMON = parseCommon(list);

const ENOUGH = 851;
const LONGEST_WORD = 24;
const SEPARATORS = " ._,'-";

const STRAY = 50;
const [SEPARATOR, MOST_SEPARATORS] = [100, 2];
const PATTERN = 200;
const PHRASE = 440;
const OWN_WORD = 100;
const [DIGIT, LETTER, OTHER] = [100, 150, 150];
const [YEAR, DAY] = [200, 260];
const [BIT, MOST_BITS] = [30, 6];
const SHORTEST_RUN = 3;
const SHORTEST_COPY = 3;

/** Whether it takes long to guess this; `own` are words, in small letters, that others know of its owner. */
export function isHardToGuess(password: string, own: readonly string[], minLength: number) {
  const typed = [...password].filter((char) => !SEPARATORS.includes(char));
  const lower = typed.map((char) => String.fromCodePoint(char.toLowerCase().codePointAt(0) ?? 0));
  // Small letters and their folded forms one by one: an index is a code point, as on the server.
  const text: Text = { typed, lower, folded: lower.map(fold) };
  if ((repeatedLength(text.folded) ?? minLength) < minLength) return false;
  const separators = new Set([...password].filter((char) => SEPARATORS.includes(char)));
  return rate(text, new Set(own.map(fold)), separators.size) >= ENOUGH;
}

interface Text {
  typed: string[];
  lower: string[];
  folded: string[];
}

/** The log10 of the guesses that this takes, in hundredths; ENOUGH if it is at least that. */
function rate(text: Text, own: ReadonlySet<string>, separators: number): number {
  const { piecesFrom, costOf } = piecesOf(text, own);
  const cheapest = [SEPARATOR * Math.min(separators, MOST_SEPARATORS), ...text.typed.map(() => ENOUGH)];
  const improve = (end: number, cost: number) => {
    cheapest[end] = Math.min(cheapest[end] ?? ENOUGH, cost);
  };
  let stray = ENOUGH; // as far as here, and not in a word
  for (let start = 0; start < text.typed.length; start++) {
    const here = cheapest[start] ?? ENOUGH;
    stray = Math.min(stray, here + STRAY) + costOf(start);
    improve(start + 1, stray);
    if (here < ENOUGH) for (const [end, cost] of piecesFrom(start)) improve(end, here + cost);
  }
  return cheapest.at(-1) ?? 0;
}

/** How long that is which the password says twice or more, and nothing else. */
function repeatedLength(text: readonly string[]): number | undefined {
  const periods = Array.from({ length: Math.floor(text.length / 2) }, (_, at) => at + 1);
  return periods.find((period) => text.every((char, at) => at < period || char === text[at - period]));
}

/** What says which pieces begin at a place: where they end, and what each costs. */
function piecesOf({ typed, lower, folded }: Text, own: ReadonlySet<string>) {
  const capitals = sums(typed, (char, at) => char !== lower[at]);
  const substitutes = sums(lower, (char, at) => char !== folded[at] && char !== 'l');
  const patterns = [runsIn(lower), knownIn(lower, COMMON.rows, SHORTEST_ROW), copiesIn(folded)];
  const phrases = knownIn(folded, COMMON.phrases, SHORTEST_PHRASE);
  const reachFrom = (start: number) => Math.max(...patterns.map((reach) => reach[start] ?? 0));

  function wordCost(cost: number, start: number, end: number) {
    const count = (counts: readonly number[]) => (counts[end] ?? 0) - (counts[start] ?? 0);
    const asRare = Math.min(count(capitals), end - start - count(capitals) + 1);
    return cost + BIT * Math.min(asRare + count(substitutes), MOST_BITS);
  }

  const isCapital = (at: number) => (capitals[at + 1] ?? 0) - (capitals[at] ?? 0);
  const costOf = (at: number) => costOfOne(lower[at] ?? '') + BIT * isCapital(at);

  function* piecesFrom(start: number): Generator<readonly [number, number]> {
    const reach = reachFrom(start);
    if (reach >= SHORTEST_RUN) yield [start + reach, PATTERN];
    for (let end = start + SHORTEST_RUN; end < start + Math.min(reach, LONGEST_WORD); end++)
      yield [end, PATTERN];
    const phrase = phrases[start] ?? 0;
    if (phrase >= SHORTEST_PHRASE) yield [start + phrase, PHRASE];
    for (let end = start + 2; end <= Math.min(start + LONGEST_WORD, folded.length); end++) {
      const word = folded.slice(start, end).join('');
      const cost = own.has(word) ? OWN_WORD : COMMON.words.get(word);
      if (cost !== undefined) yield [end, wordCost(cost, start, end)];
    }
    const date = costOfDate(lower.slice(start, start + 4).join(''));
    if (date) yield [start + 4, date];
  }

  return { piecesFrom, costOf };
}

function sums(chars: readonly string[], counts: (char: string, at: number) => boolean): number[] {
  let sum = 0;
  return [0, ...chars.map((char, at) => (sum += Number(counts(char, at))))];
}

function costOfOne(char: string): number {
  if (/^[a-z]$/.test(char)) return LETTER;
  return /^[0-9]$/.test(char) ? DIGIT : OTHER;
}

function costOfDate(four: string): number | undefined {
  if (!/^[0-9]{4}$/.test(four)) return undefined;
  if (four >= '1900' && four < '2060') return YEAR;
  const [low = 0, high = 0] = [Number(four.slice(0, 2)), Number(four.slice(2))].sort((a, b) => a - b);
  return low >= 1 && low <= 12 && high <= 31 ? DAY : undefined;
}

/** How far aaaa, abcd or 4321 goes on from each place. */
function runsIn(text: readonly string[]): number[] {
  const step = (at: number) => (text[at + 1]?.codePointAt(0) ?? Number.NaN) - (text[at]?.codePointAt(0) ?? 0);
  const reach = text.map(() => 1);
  for (let at = text.length - 2; at >= 0; at--) {
    if (Math.abs(step(at)) <= 1) reach[at] = step(at) === step(at + 1) ? (reach[at + 1] ?? 0) + 1 : 2;
  }
  return reach;
}

/** How far a row of keys goes on, or a phrase that everybody knows. */
function knownIn(text: readonly string[], index: ReadonlyMap<string, string>, shortest: number): number[] {
  return followed(text, (at) => [...(index.get(text.slice(at, at + shortest).join('')) ?? '')], shortest);
}

/** How far that goes on which stood before, from its first time on. */
function copiesIn(text: readonly string[]): number[] {
  const first = new Map<string, number>();
  function former(at: number) {
    const begin = text.slice(at, at + SHORTEST_COPY).join('');
    const before = first.get(begin);
    if (before === undefined) first.set(begin, at);
    return before === undefined ? [] : text.slice(before);
  }
  return followed(text, former, SHORTEST_COPY);
}

/** How far the text goes along with the pattern that begins at each place. Compared only where no former one goes on. */
function followed(
  text: readonly string[],
  pattern: (at: number) => readonly string[],
  shortest: number,
): number[] {
  const reach: number[] = [];
  text.forEach((_, at) => {
    const goingOn = (reach[at - 1] ?? 0) - 1;
    reach.push(goingOn >= shortest ? goingOn : shared(text.slice(at), pattern(at)));
  });
  return reach;
}

function shared(one: readonly string[], other: readonly string[]): number {
  const at = one.findIndex((char, index) => char !== other[index]);
  return at === -1 ? one.length : at;
}
