/** Marks in a text what a search has found. */

import { fold } from './fold';

export interface Piece {
  text: string;
  hit: boolean;
}

/** The text in pieces, those that a word of the search found marked as hits. */
export function highlight(text: string, words: readonly string[]): Piece[] {
  const letters = [...text.normalize('NFC')];
  const { folded, origin } = foldLetters(letters);
  const hits = letters.map(() => false);
  for (const word of words) {
    for (let at = folded.indexOf(word); at !== -1; at = folded.indexOf(word, at + word.length)) {
      hits.fill(true, origin[at], (origin[at + word.length - 1] ?? 0) + 1);
    }
  }
  return pieces(letters, hits);
}

/** The folded text, and for each of its characters which letter it came from: folding changes the length. */
function foldLetters(letters: readonly string[]) {
  let folded = '';
  const origin: number[] = [];
  letters.forEach((letter, at) => {
    const text = fold(letter);
    folded += text;
    for (let unit = 0; unit < text.length; unit++) origin.push(at);
  });
  return { folded, origin };
}

/** The letters joined into pieces of hits and of the rest. */
function pieces(letters: readonly string[], hits: readonly boolean[]): Piece[] {
  const joined: Piece[] = [];
  letters.forEach((text, at) => {
    const hit = hits[at] ?? false;
    const last = joined.at(-1);
    if (last?.hit === hit) last.text += text;
    else joined.push({ text, hit });
  });
  return joined;
}
