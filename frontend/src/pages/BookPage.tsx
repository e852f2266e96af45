import type { MouseEvent } from 'react';
import { type LoaderFunctionArgs, useLoaderData, useLocation, useNavigate } from 'react-router-dom';
import { fetchBook } from '../books/api';
import { FROM_LIST } from '../books/BookCard';
import { Cover } from '../books/Cover';
import { spellIsbn13 } from '../books/isbn';
import { type TidyBook, tidy } from '../books/tidy';
import { Icon } from '../components/Icon';
import { Page } from '../components/Page';
import { TextLink } from '../components/TextLink';
import { loggedIn } from '../guards';
import { HOME } from '../redirects';

export function bookLoader({ request, params }: LoaderFunctionArgs) {
  return loggedIn(request, () => fetchBook(Number(params['id']), request.signal));
}

/** On a narrow screen only the title stands beside the cover. */
const BELOW_COVER = 'col-span-2 sm:col-span-1 sm:col-start-2';

export function BookPage() {
  const book = tidy(useLoaderData<typeof bookLoader>());
  return (
    <div className="mx-auto w-full max-w-2xl">
      <BackLink />
      <Page
        title={book.title}
        className="grid grid-cols-[auto_minmax(0,1fr)] items-start gap-x-5 gap-y-4 rounded-xl border border-line/40 bg-card p-5 sm:grid-rows-[auto_auto_1fr] sm:gap-x-8 sm:p-8 max-sm:[&>h1]:text-xl [&>h1]:col-start-2"
      >
        <Cover id={book.id} title={book.title} className="row-start-1 h-28 sm:row-end-4 sm:h-56" />
        <Authors names={book.authors} />
        <Facts book={book} />
      </Page>
    </div>
  );
}

/** Back to the list as it was left, search, order and place, if that is where one came from. */
function BackLink() {
  const state: unknown = useLocation().state;
  const navigate = useNavigate();

  const goBack = (event: MouseEvent) => {
    if (state !== FROM_LIST || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void navigate(-1);
  };

  return (
    <TextLink to={HOME} onClick={goBack} className="mb-2 inline-flex min-h-11 items-center gap-2">
      <Icon name="back" /> All books
    </TextLink>
  );
}

function Authors({ names }: { names: readonly string[] }) {
  if (names.length === 0) return <p className={`text-muted ${BELOW_COVER}`}>Unknown author</p>;
  return (
    <ul aria-label="Authors" className={`flex flex-wrap gap-x-5 ${BELOW_COVER}`}>
      {names.map((name) => (
        <li key={name}>
          <TextLink to={`/books?q=${encodeURIComponent(name)}`} className="inline-block py-2.5">
            {name}
          </TextLink>
        </li>
      ))}
    </ul>
  );
}

function Facts({ book: { id, pages, isbn, givenIsbn } }: { book: TidyBook }) {
  return (
    <dl
      className={`grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 tabular-nums sm:gap-x-8 [&>dt]:text-muted ${BELOW_COVER}`}
    >
      <dt>Pages</dt>
      <dd>{pages ?? 'Not known'}</dd>
      {isbn === null ? (
        <>
          <dt>ISBN</dt>
          <dd>
            {givenIsbn ?? 'None'}
            {givenIsbn !== null && (
              <small className="block text-sm text-muted">As catalogued, but not a valid ISBN</small>
            )}
          </dd>
        </>
      ) : (
        <>
          <dt>ISBN-13</dt>
          <dd className="whitespace-nowrap">{spellIsbn13(isbn.isbn13)}</dd>
          {isbn.isbn10 !== null && (
            <>
              <dt>ISBN-10</dt>
              <dd>{isbn.isbn10}</dd>
            </>
          )}
        </>
      )}
      <dt>Catalogue no.</dt>
      <dd>{id}</dd>
    </dl>
  );
}
