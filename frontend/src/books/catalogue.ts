/** Books as the API gives them. They come from outside, through two servers: one odd book must not take the page
 * down. */

import { type Answer, NetworkError } from 'tokenkeep';
import type { components } from '../schema';

type BookOut = components['schemas']['Book'];

/** A book as the catalogue gives it: only number and title are certain, whatever the API's document promises. */
export type Book = Pick<BookOut, 'id' | 'title'> & Partial<BookOut>;

export interface Catalogue {
  books: Book[];
  /** How fresh the list is. `cached`: the catalogue itself can't be reached; `sample`: it never could. */
  state: 'live' | 'cached' | 'sample';
}

/** Reads the books of an answer; NetworkError if it is no list. */
export function catalogueFrom({ data, header }: Answer): Catalogue {
  if (!Array.isArray(data)) throw new NetworkError('The answer is not a list of books');
  const label = header('x-catalogue');
  const state = label === 'cached' || label === 'sample' ? label : 'live';
  return { books: data.map(asBook).filter((book) => book !== null), state };
}

/** Reads the one book of an answer; NetworkError if it is none. */
export function bookFrom({ data }: Answer): Book {
  const book = asBook(data);
  if (book === null) throw new NetworkError('The answer is not a book');
  return book;
}

/** Members of the wrong type are left out; without number or title it is no book. */
function asBook(value: unknown): Book | null {
  if (typeof value !== 'object' || value === null) return null;
  const { id, title, isbn, pageCount, authors } = value as Record<string, unknown>;
  if (typeof id !== 'number' || typeof title !== 'string') return null;
  return {
    id,
    title,
    ...(typeof isbn === 'string' && { isbn }),
    ...(typeof pageCount === 'number' && { pageCount }),
    ...(Array.isArray(authors) && { authors: authors.filter((name) => typeof name === 'string') }),
  };
}
