/** Searching and sorting; pure, so that it can run on every keystroke. */

import type { TidyBook } from './tidy';

/** Letters that Unicode doesn't take apart. */
const LETTERS: Record<string, string> = {
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ı: 'i',
};

/** Without case, diacritics, hyphens and apostrophes: "Reiersøl" → "reiersol", "E-Commerce" → "ecommerce". */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\p{M}\p{Pd}'’]/gu, '')
    .replace(/[øłđðþßæœı]/g, (letter) => LETTERS[letter] ?? letter);
}

export function searchWords(query: string): string[] {
  return query.split(/\s+/).map(fold).filter(Boolean);
}

/** The books in which every word occurs somewhere. */
export function search(books: readonly TidyBook[], words: readonly string[]): readonly TidyBook[] {
  return words.length === 0
    ? books
    : books.filter((book) => words.every((word) => book.index.includes(word)));
}

export interface Piece {
  text: string;
  hit: boolean;
}

/** The text in pieces, those that a word of the search found marked as hits. */
export function highlight(text: string, words: readonly string[]): Piece[] {
  const letters = [...text.normalize('NFC')];
  const hits = letters.map(() => false);
  let folded = '';
  const origin: number[] = []; // for each character of `folded` the letter that it came from
  letters.forEach((letter, at) => {
    for (const character of fold(letter)) {
      folded += character;
      for (let unit = 0; unit < character.length; unit++) origin.push(at);
    }
  });
  for (const word of words) {
    for (let at = folded.indexOf(word); at !== -1; at = folded.indexOf(word, at + word.length)) {
      hits.fill(true, origin[at], (origin[at + word.length - 1] ?? 0) + 1);
    }
  }
  return pieces(letters, hits);
}

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

export const SORTS = {
  catalogue: 'Catalogue order',
  title: 'Title',
  author: 'Author',
  longest: 'Longest first',
  shortest: 'Shortest first',
} as const;

export type Sort = keyof typeof SORTS;

export const isSort = (text: string | null): text is Sort => text !== null && Object.hasOwn(SORTS, text);

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base', ignorePunctuation: true });

const compare: Record<Sort, (a: TidyBook, b: TidyBook) => number> = {
  catalogue: (a, b) => a.id - b.id,
  title: (a, b) => collator.compare(a.title, b.title),
  author: (a, b) =>
    lastIfUnknown(surname(a), surname(b), collator.compare) || collator.compare(a.title, b.title),
  longest: (a, b) => lastIfUnknown(a.pages, b.pages, (x, y) => y - x),
  shortest: (a, b) => lastIfUnknown(a.pages, b.pages, (x, y) => x - y),
};

export function sortBooks(books: readonly TidyBook[], sort: Sort): readonly TidyBook[] {
  return books.toSorted((a, b) => compare[sort](a, b) || a.id - b.id);
}

/** "Tariq Ahmed with Jon Hirschi" stands under Ahmed. */
function surname(book: TidyBook): string | null {
  const [first] = book.authors[0]?.split(/ with | and |, /) ?? [];
  return (
    first
      ?.replace(/ (jr|sr|ii|iii)\.?$/i, '')
      .split(' ')
      .at(-1) ?? null
  );
}

function lastIfUnknown<T>(a: T | null, b: T | null, known: (a: T, b: T) => number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return known(a, b);
}
