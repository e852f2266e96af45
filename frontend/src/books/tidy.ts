/** The catalogue as people want to read it; the API passes it on with its warts. */

import type { Book } from './catalogue';
import { fold } from './fold';
import { type Isbn, parseIsbn } from './isbn';

export interface TidyBook {
  id: number;
  title: string;
  /** May be empty: nobody is named. */
  authors: readonly string[];
  /** As the catalogue gives it, also when it is no ISBN. */
  givenIsbn: string | null;
  isbn: Isbn | null;
  /** Null when unknown: the catalogue says 0. */
  pages: number | null;
  /** What the search looks at, folded. */
  index: string;
}

/** A book as it is shown and searched: spaces, names, ISBN and page count put right. */
export function tidy(book: Book): TidyBook {
  const title = oneSpace(book.title) || 'Untitled';
  const authors = tidyAuthors(book.authors ?? []);
  const givenIsbn = oneSpace(book.isbn ?? '') || null;
  const isbn = givenIsbn === null ? null : parseIsbn(givenIsbn);
  const pages = (book.pageCount ?? 0) > 0 ? (book.pageCount ?? null) : null;
  const searched = [title, ...authors, givenIsbn ?? '', isbn?.isbn10 ?? '', isbn?.isbn13 ?? ''];
  return { id: book.id, title, authors, givenIsbn, isbn, pages, index: fold(searched.join('\n')) };
}

/** Empty names dropped, and a "Jr" that stands alone put back behind its name. */
function tidyAuthors(names: readonly string[]): string[] {
  const tidied: string[] = [];
  for (const name of names.map(oneSpace)) {
    const previous = tidied.at(-1);
    if (/^(jr|sr|ii|iii)\.?$/i.test(name) && previous !== undefined)
      tidied.splice(-1, 1, `${previous} ${name}`);
    else if (name !== '' && !tidied.includes(name)) tidied.push(name);
  }
  return tidied;
}

const oneSpace = (text: string) => text.replace(/\s+/g, ' ').trim();

/** "Ann, Ben and Cleo", as a sentence would have it. */
export function authorLine(authors: readonly string[]): string {
  return authors.length === 0 ? 'Unknown author' : new Intl.ListFormat('en-GB').format(authors);
}
