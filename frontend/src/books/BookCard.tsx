import { Link } from 'react-router-dom';
import { Cover } from './Cover';
import { Highlighted } from './Highlighted';
import { spellIsbn13 } from './isbn';
import { authorLine, type TidyBook } from './tidy';

/** The state of a link's navigation, by which the book's page knows that Back leads to the list. */
export const FROM_LIST = 'list';

/** One book of the list; all of it is the link. */
export function BookCard({ book, words }: { book: TidyBook; words: readonly string[] }) {
  return (
    <li className="relative flex gap-4 rounded-xl border border-line/40 bg-card p-4 hover:border-accent has-focus-visible:outline-3 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent">
      <Cover id={book.id} title={book.title} className="h-20 self-center" />
      <div className="flex min-w-0 grow flex-col gap-0.5">
        <Link
          to={`/books/${book.id}`}
          state={FROM_LIST}
          className="line-clamp-2 leading-snug font-semibold outline-none after:absolute after:inset-0"
        >
          <Highlighted text={book.title} words={words} />
        </Link>
        <p className="line-clamp-2 text-sm text-muted">
          <Highlighted text={authorLine(book.authors)} words={words} />
        </p>
        <p className="mt-auto flex flex-wrap gap-x-4 pt-1 text-sm text-muted tabular-nums">
          {book.pages !== null && <span>{book.pages} pages</span>}
          {book.isbn !== null && (
            <span>
              <span className="sr-only">ISBN </span>
              <Highlighted text={spellIsbn13(book.isbn.isbn13)} words={words} />
            </span>
          )}
        </p>
      </div>
    </li>
  );
}
