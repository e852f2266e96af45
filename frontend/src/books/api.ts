/** What is asked of the catalogue. */

import { auth } from '../auth';
import { type Book, bookFrom, type Catalogue, catalogueFrom } from './catalogue';

/** All books, and how fresh they are. */
export async function fetchBooks(signal?: AbortSignal): Promise<Catalogue> {
  return catalogueFrom(await auth.send({ method: 'GET', path: '/books', signal }));
}

/** One book; ApiProblem `not_found` if the catalogue has none of this number. */
export async function fetchBook(id: number, signal?: AbortSignal): Promise<Book> {
  return bookFrom(await auth.send({ method: 'GET', path: `/books/${encodeURIComponent(id)}`, signal }));
}
