/** The catalogue comes from outside, through two servers: one odd book must not take the page down. */

import type { Answer } from './http.js';
import { isRecord, NetworkError } from './problems.js';
import type { Book, Catalogue } from './types.js';

export function catalogueFrom({ data, header }: Answer): Catalogue {
  if (!Array.isArray(data)) throw new NetworkError('The answer is not a list of books');
  const label = header('x-catalogue');
  const catalogue = label === 'cached' || label === 'sample' ? label : 'live';
  return { books: data.map(asBook).filter((book) => book !== null), catalogue };
}

export function bookFrom({ data }: Answer): Book {
  const book = asBook(data);
  if (book === null) throw new NetworkError('The answer is not a book');
  return book;
}

/** Members of the wrong type are left out; without number or title it is no book. */
function asBook(value: unknown): Book | null {
  if (!isRecord(value)) return null;
  const { id, title, isbn, pageCount, authors } = value;
  if (typeof id !== 'number' || typeof title !== 'string') return null;
  return {
    id,
    title,
    ...(typeof isbn === 'string' && { isbn }),
    ...(typeof pageCount === 'number' && { pageCount }),
    ...(Array.isArray(authors) && { authors: authors.filter((name) => typeof name === 'string') }),
  };
}
