/** What many people choose for a password: words, rows of keys, phrases. They stand in common.txt, which the server
 * has too. */

export const SHORTEST_ROW = 4; // as much of one is recognised as such
export const SHORTEST_PHRASE = 10;

/** Words and phrases are folded; of a row each key is itself. */
export interface Common {
  /** What a word costs whoever guesses (see rating.ts). */
  words: ReadonlyMap<string, number>;
  /** From the first characters of a row, wherever in it, to the whole rest. */
  rows: ReadonlyMap<string, string>;
  phrases: ReadonlyMap<string, string>;
}

/** Reads common.txt: lines `<cost> words`, cheap ones first, `row …` and `phrase …`. */
export function parseCommon(text: string): Common {
  const words = new Map<string, number>();
  const known: Record<string, string[]> = { row: [], phrase: [] };
  for (const line of text.split('\n')) {
    const kind = line.slice(0, line.indexOf(' '));
    const rest = line.slice(kind.length + 1);
    known[kind]?.push(...rest.split(' '));
    if (/^\d+$/.test(kind)) {
      for (const word of spelledOut(rest)) if (!words.has(word)) words.set(word, Number(kind));
    }
  }
  const rows = known['row'] ?? [];
  const bothWays = [...rows, ...rows.map((row) => [...row].reverse().join(''))];
  return {
    words,
    rows: indexed(bothWays, SHORTEST_ROW),
    phrases: indexed((known['phrase'] ?? []).map(fold), SHORTEST_PHRASE),
  };
}

// What stands for which letter. l is i, as 1 and ! stand for both: all words are read so too.
const SUBSTITUTES = '@4(83691!|l0$57+2';
const LETTERS = 'aacbeggiiiiossttz';
const LETTER_FOR = new Map([...SUBSTITUTES].map((char, at) => [char, LETTERS.charAt(at)]));

/** Text in small letters as whoever guesses reads it: p4$$w0rd is password. */
export const fold = (lower: string) =>
  lower.replace(/[@4(83691!|l0$57+2]/g, (char) => LETTER_FOR.get(char) ?? char);

/** The words of a line, each written as what it has in common with the one before (A: nothing, B: one character),
 * and the rest. */
function* spelledOut(text: string) {
  let word = '';
  for (const [, same = '', rest = ''] of text.matchAll(/([A-Z])([^A-Z]*)/g)) {
    word = word.slice(0, same.charCodeAt(0) - 65) + rest;
    yield fold(word);
  }
}

function indexed(texts: string[], shortest: number): Map<string, string> {
  const index = new Map<string, string>();
  for (const text of texts) {
    for (let start = 0; start + shortest <= text.length; start++) {
      const begin = text.slice(start, start + shortest);
      if (!index.has(begin)) index.set(begin, text.slice(start));
    }
  }
  return index;
}
