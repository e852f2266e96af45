/** Searching and sorting; pure, so that it can run on every keystroke. */

import { fold } from './fold';
import type { TidyBook } from './tidy';

/** The words of a query, folded. */
export function searchWords(query: string): string[] {
  return query.split(/\s+/).map(fold).filter(Boolean);
}

/** The books in which every word occurs somewhere. */
export function search(books: readonly TidyBook[], words: readonly string[]): readonly TidyBook[] {
  return words.length === 0
    ? books
    : books.filter((book) => words.every((word) => book.index.includes(word)));
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

/** The books in this order; those that it does not tell apart by their number. */
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
