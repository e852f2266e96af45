import { isRouteErrorResponse, useRevalidator, useRouteError } from 'react-router-dom';
import { ApiProblem, NetworkError } from 'tokenkeep';
import { Button } from '../components/Button';
import { Countdown } from '../components/Countdown';
import { Page } from '../components/Page';
import { Shelf } from '../components/Shelf';
import { NotFoundPage } from './NotFoundPage';

/** What a page shows that couldn't be loaded: what happened, and what to do now. */
export function ErrorPage() {
  const error = useRouteError();
  const { revalidate, state } = useRevalidator();
  if (isNotFound(error)) {
    return <NotFoundPage title="Book not found" words="The catalogue has no book with this number." />;
  }

  const waitSeconds = error instanceof ApiProblem ? error.retryAfterSeconds : null;
  const expected = error instanceof ApiProblem || error instanceof NetworkError;
  const { title, words } = explain(error);
  return (
    <div className="mx-auto w-full max-w-120 sm:pt-6">
      <Shelf />
      <Page
        title={title}
        className="flex flex-col items-start gap-4 rounded-xl border border-line/40 bg-card p-5 sm:p-7"
      >
        <p role="alert">
          {words} {waitSeconds !== null && <Countdown untilMs={Date.now() + waitSeconds * 1000} />}
        </p>
        <Button
          type="button"
          busy={state === 'loading'}
          onClick={() => (expected ? void revalidate() : location.reload())}
        >
          {expected ? 'Try again' : 'Reload the page'}
        </Button>
      </Page>
    </div>
  );
}

const isNotFound = (error: unknown) =>
  (isRouteErrorResponse(error) || error instanceof ApiProblem) && error.status === 404;

function explain(error: unknown): { title: string; words: string } {
  if (error instanceof NetworkError) {
    return {
      title: 'No connection',
      words: 'The server can’t be reached. You are still logged in: check your connection.',
    };
  }
  if (error instanceof ApiProblem && error.status === 429) {
    return {
      title: 'A little slower',
      words: 'That were more requests than the server takes in a short time.',
    };
  }
  if (error instanceof ApiProblem) {
    return {
      title: 'The server has trouble',
      words: 'It couldn’t answer just now. You are still logged in.',
    };
  }
  return {
    title: 'Something went wrong',
    words: 'This page couldn’t be shown. It may have been replaced by a newer version.',
  };
}
