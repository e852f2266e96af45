/** The route table, and with it the whole flow: what happens before a screen is shown (loaders) and when a form is
 * sent (actions). */

import {
  type ActionFunctionArgs,
  type LoaderFunctionArgs,
  type RouteObject,
  redirect,
} from 'react-router-dom';
import {
  fetchBook,
  fetchBooks,
  fetchConfig,
  getSession,
  login,
  logout,
  register,
  takeEndReason,
} from './auth';
import { Layout } from './components/Layout';
import { type Failure, failure, fieldFailure } from './forms';
import { HOME, loginPath, safeFrom } from './from';
import { BookSkeleton } from './pages/BookSkeleton';
import { BooksSkeleton } from './pages/BooksSkeleton';
import { ErrorPage } from './pages/ErrorPage';
import { NotFoundPage } from './pages/NotFoundPage';
import { endNotice, type Notice, READY_NOTICE, UNTOLD_NOTICE } from './words';

const USUAL_PASSWORD_MIN_LENGTH = 15; // code points; the server's default, NIST SP 800-63B-4 §3.1.1.2

const Nothing = () => null;

export const routes: RouteObject[] = [
  {
    Component: Layout,
    ErrorBoundary: ErrorPage,
    children: [
      {
        // Within the layout, so that a page that failed leaves the header in place.
        ErrorBoundary: ErrorPage,
        HydrateFallback: Nothing,
        children: [
          { index: true, loader: () => redirect(HOME), Component: Nothing },
          {
            path: 'login',
            loader: loginLoader,
            action: loginAction,
            lazy: { Component: async () => (await import('./pages/LoginPage')).LoginPage },
          },
          {
            path: 'register',
            loader: registerLoader,
            action: registerAction,
            lazy: { Component: async () => (await import('./pages/RegisterPage')).RegisterPage },
          },
          { path: 'logout', loader: () => redirect(HOME), action: logoutAction, Component: Nothing },
          {
            path: 'books',
            loader: booksLoader,
            HydrateFallback: BooksSkeleton,
            lazy: { Component: async () => (await import('./pages/BooksPage')).BooksPage },
          },
          {
            path: 'books/:id',
            loader: bookLoader,
            HydrateFallback: BookSkeleton,
            lazy: { Component: async () => (await import('./pages/BookPage')).BookPage },
          },
          { path: '*', Component: NotFoundPage },
        ],
      },
    ],
  },
];

// For strangers. Who is logged in already, be it in another tab, goes on to where they wanted to be.

const wanted = (request: Request) => safeFrom(new URL(request.url).searchParams.get('from'));

function strangersOnly(request: Request) {
  if (getSession() !== null) throw redirect(wanted(request));
}

export function loginLoader({ request }: LoaderFunctionArgs): { notice: Notice | null } {
  strangersOnly(request);
  const reason = takeEndReason();
  const { searchParams } = new URL(request.url);
  if (searchParams.has('ready')) return { notice: READY_NOTICE };
  if (searchParams.has('untold')) return { notice: UNTOLD_NOTICE };
  return { notice: reason === null ? null : endNotice(reason) };
}

export async function loginAction({ request }: ActionFunctionArgs): Promise<Failure | Response> {
  const { username, password } = await credentials(request);
  const missing = fieldFailure({
    ...(username === '' && { username: 'Enter your user name.' }),
    ...(password === '' && { password: 'Enter your password.' }),
  });
  if (missing !== null) return missing;
  try {
    await login(username, password);
  } catch (error) {
    return failure(error, ['username', 'password']);
  }
  return redirect(wanted(request));
}

export async function registerLoader({ request }: LoaderFunctionArgs) {
  strangersOnly(request);
  const config = await fetchConfig().catch(() => null); // the form works without: the server checks anyway
  return { passwordMinLength: config?.password_min_length ?? USUAL_PASSWORD_MIN_LENGTH };
}

export async function registerAction({ request }: ActionFunctionArgs): Promise<Failure | Response> {
  const { username, password, email } = await credentials(request);
  const missing = fieldFailure({
    ...(username === '' && { username: 'Choose a user name.' }),
    ...(password === '' && { password: 'Choose a password.' }),
  });
  if (missing !== null) return missing;
  try {
    await register({ username, password, ...(email !== '' && { email }) });
  } catch (error) {
    return failure(error, ['username', 'email', 'password']);
  }
  try {
    await login(username, password);
  } catch {
    return redirect('/login?ready'); // the account exists: registering again would only say that the name is taken
  }
  return redirect(wanted(request));
}

async function credentials(request: Request) {
  const form = await request.formData();
  const text = (name: string) => String(form.get(name) ?? '');
  // A password is taken as it is typed: blanks at its ends belong to it.
  return { username: text('username').trim(), email: text('email').trim(), password: text('password') };
}

async function logoutAction() {
  return redirect((await logout()) ? '/login' : '/login?untold');
}

// For people who are logged in.

export async function booksLoader({ request }: LoaderFunctionArgs) {
  return loggedIn(request, () => fetchBooks(request.signal));
}

export async function bookLoader({ request, params }: LoaderFunctionArgs) {
  return loggedIn(request, () => fetchBook(Number(params['id']), request.signal));
}

async function loggedIn<T>(request: Request, load: () => Promise<T>): Promise<T> {
  if (getSession() === null) throw redirect(loginPath(whereabouts(request)));
  try {
    return await load();
  } catch (error) {
    if (getSession() === null) throw redirect(loginPath(whereabouts(request)));
    throw error;
  }
}

/** The address that is asked for. The address bar knows the search that was typed since the last navigation. */
function whereabouts(request: Request): string {
  const { pathname, search } = new URL(request.url);
  return pathname === location.pathname ? location.pathname + location.search : pathname + search;
}
