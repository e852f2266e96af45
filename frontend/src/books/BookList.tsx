import { type KeyboardEvent, memo } from 'react';
import { BookCard } from './BookCard';
import type { TidyBook } from './tidy';

/** Memoised: while one types the list of the last search stays until the next one is ready. */
export const BookList = memo(function BookList({
  books,
  words,
}: {
  books: readonly TidyBook[];
  words: readonly string[];
}) {
  return (
    <ul
      onKeyDown={moveFocus}
      className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,20rem),1fr))] gap-3 sm:gap-4"
    >
      {books.map((book) => (
        <BookCard key={book.id} book={book} words={words} />
      ))}
    </ul>
  );
});

/** Arrow keys, Home and End move through the list as it lies on the screen; Tab works as everywhere. */
function moveFocus(event: KeyboardEvent<HTMLUListElement>) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const links = [...event.currentTarget.querySelectorAll('a')];
  const at = links.findIndex((link) => link.matches(':focus'));
  const columns = getComputedStyle(event.currentTarget).gridTemplateColumns.split(' ').length;
  const to: Record<string, number> = {
    ArrowDown: at + columns,
    ArrowUp: at - columns,
    ArrowRight: at + 1,
    ArrowLeft: at - 1,
    Home: 0,
    End: links.length - 1,
  };
  const next = to[event.key];
  if (next === undefined || at === -1) return;
  event.preventDefault();
  links[next]?.focus();
  links[next]?.closest('li')?.scrollIntoView({ block: 'nearest' });
}
