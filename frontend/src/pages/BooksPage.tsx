import { useDeferredValue, useMemo, useRef, useState } from 'react';
import { type LoaderFunctionArgs, useLoaderData, useLocation } from 'react-router-dom';
import { fetchBooks } from '../books/api';
import { BookList } from '../books/BookList';
import { CatalogueNote } from '../books/CatalogueNote';
import { SearchBar } from '../books/SearchBar';
import { isSort, type Sort, search, searchWords, sortBooks } from '../books/search';
import { type TidyBook, tidy } from '../books/tidy';
import { Page } from '../components/Page';
import { Shelf } from '../components/Shelf';
import { loggedIn } from '../guards';

export function booksLoader({ request }: LoaderFunctionArgs) {
  return loggedIn(request, () => fetchBooks(request.signal));
}

export function BooksPage() {
  const { books, state } = useLoaderData<typeof booksLoader>();
  const tidied = useMemo(() => books.map(tidy), [books]);
  const { key } = useLocation();

  return (
    <Page title="Books" className="flex grow flex-col gap-5">
      <CatalogueNote state={state} count={tidied.length} />
      {tidied.length === 0 ? (
        <EmptyShelf />
      ) : (
        // A navigation (back, forward, the logo) brings its own search and order.
        <Catalogue key={key} books={tidied} />
      )}
    </Page>
  );
}

function Catalogue({ books }: { books: readonly TidyBook[] }) {
  const [query, setQuery] = useState(() => inAddress('q') ?? '');
  const [sort, setSort] = useState<Sort>(() => {
    const asked = inAddress('sort');
    return isSort(asked) ? asked : 'catalogue';
  });
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);

  const lateQuery = useDeferredValue(query);
  const words = useMemo(() => searchWords(lateQuery), [lateQuery]);
  const sorted = useMemo(() => sortBooks(books, sort), [books, sort]);
  const found = useMemo(() => search(sorted, words), [sorted, words]);

  const searchFor = (next: string) => {
    setQuery(next);
    keepInAddress('q', next.trim());
  };

  return (
    <>
      <SearchBar
        input={input}
        query={query}
        sort={sort}
        count={words.length === 0 ? `${books.length} books` : `${found.length} of ${books.length} books`}
        onQuery={searchFor}
        onSort={(next) => {
          setSort(next);
          keepInAddress('sort', next === 'catalogue' ? '' : next);
        }}
        onDown={() => list.current?.querySelector('a')?.focus()}
      />
      <div ref={list} className="flex grow flex-col">
        {found.length === 0 ? (
          <NoHit
            query={lateQuery.trim()}
            onClear={() => {
              searchFor('');
              input.current?.focus();
            }}
          />
        ) : (
          <BookList books={found} words={words} />
        )}
      </div>
    </>
  );
}

function EmptyShelf() {
  return (
    <div className="mx-auto mt-4 w-full max-w-96 sm:mt-10">
      <Shelf />
      <div className="rounded-xl border border-line/40 bg-card p-6 text-center">
        <p className="text-lg">There are no books yet.</p>
        <p className="text-muted">As soon as the catalogue has some, they are here.</p>
      </div>
    </div>
  );
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

const inAddress = (name: string) => new URLSearchParams(location.search).get(name);

/** Past the router on purpose: nothing has to be loaded while one types, and Back skips the single letters. */
function keepInAddress(name: string, value: string) {
  const url = new URL(location.href);
  if (value === '') url.searchParams.delete(name);
  else url.searchParams.set(name, value);
  history.replaceState(history.state, '', url);
}
