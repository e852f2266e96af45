import { useMemo } from 'react';
import { type LoaderFunctionArgs, useLoaderData, useLocation } from 'react-router-dom';
import { fetchBooks } from '../books/api';
import { CatalogueNote } from '../books/CatalogueNote';
import { SearchableBooks } from '../books/SearchableBooks';
import { tidy } from '../books/tidy';
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
        <SearchableBooks key={key} books={tidied} />
      )}
    </Page>
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
