import { useDeferredValue, useMemo, useRef, useState } from 'react';
import { BookList } from './BookList';
import { SearchBar } from './SearchBar';
import { isSort, type Sort, search, searchWords, sortBooks } from './search';
import type { TidyBook } from './tidy';

/** The books with their search: what is typed narrows the list at once, and is kept in the address. */
export function SearchableBooks({ books }: { books: readonly TidyBook[] }) {
  const { query, setQuery, sort, setSort } = useAddressedSearch();
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const lateQuery = useDeferredValue(query);
  const words = useMemo(() => searchWords(lateQuery), [lateQuery]);
  const sorted = useMemo(() => sortBooks(books, sort), [books, sort]);
  const found = useMemo(() => search(sorted, words), [sorted, words]);

  const showAll = () => {
    setQuery('');
    input.current?.focus();
  };

  return (
    <>
      <SearchBar
        input={input}
        query={query}
        sort={sort}
        count={words.length === 0 ? `${books.length} books` : `${found.length} of ${books.length} books`}
        onQuery={setQuery}
        onSort={setSort}
        onDown={() => list.current?.querySelector('a')?.focus()}
      />
      <div ref={list} className="flex grow flex-col">
        {found.length === 0 ? (
          <NoHit query={lateQuery.trim()} onClear={showAll} />
        ) : (
          <BookList books={found} words={words} />
        )}
      </div>
    </>
  );
}

/** Search and order as state that the address bar shows too: a link and the way back keep them. */
function useAddressedSearch() {
  const [query, setQuery] = useState(() => inAddress('q') ?? '');
  const [sort, setSort] = useState<Sort>(() => {
    const asked = inAddress('sort');
    return isSort(asked) ? asked : 'catalogue';
  });
  return {
    query,
    setQuery: (next: string) => {
      setQuery(next);
      keepInAddress('q', next.trim());
    },
    sort,
    setSort: (next: Sort) => {
      setSort(next);
      keepInAddress('sort', next === 'catalogue' ? '' : next);
    },
  };
}

const inAddress = (name: string) => new URLSearchParams(location.search).get(name);

/** Past the router on purpose: nothing has to be loaded while one types, and Back skips the single letters. */
function keepInAddress(name: string, value: string) {
  const url = new URL(location.href);
  if (value === '') url.searchParams.delete(name);
  else url.searchParams.set(name, value);
  history.replaceState(history.state, '', url);
}

function NoHit({ query, onClear }: { query: string; onClear: () => void }) {
  return (
    <div className="mx-auto mt-4 flex w-full max-w-96 flex-col items-center gap-3 rounded-xl border border-line/40 bg-card p-6 text-center sm:mt-10">
      <p className="max-w-full text-lg">
        No book matches <strong className="text-own">{query}</strong>
      </p>
      <p className="text-muted">
        Fewer words or just a part of one may help: every word has to occur in the title, the authors or the
        ISBN.
      </p>
      <button
        type="button"
        onClick={onClear}
        className="min-h-11 cursor-pointer rounded-lg px-3 text-link underline underline-offset-4 hover:decoration-2"
      >
        Show all books
      </button>
    </div>
  );
}
