/** The route table, and with it the whole flow: what happens before a screen is shown (loaders) and when a form is
 * sent (actions). */

import {
  type ActionFunctionArgs,
  type LoaderFunctionArgs,
  type RouteObject,
  redirect,
} from 'react-router-dom';
import { downloadJson } from './account/download';
import { endNotice, type Notice, READY_NOTICE, RESET_NOTICE, UNTOLD_NOTICE } from './account/notices';
import { takeCode } from './account/oneTimeCode';
import {
  changeEmail,
  changePassword,
  deleteAccount,
  endOtherSessions,
  endSession,
  exportAccount,
  fetchBook,
  fetchBooks,
  fetchConfig,
  fetchEmail,
  fetchEvents,
  fetchMe,
  forgotPassword,
  getSession,
  listSessions,
  login,
  logout,
  register,
  resendVerification,
  resetPassword,
  takeEndReason,
  verifyEmail,
} from './auth';
import { BookSkeleton } from './books/BookSkeleton';
import { BooksSkeleton } from './books/BooksSkeleton';
import { Layout } from './components/Layout';
import { type Failure, failure, missing } from './forms/failure';
import type { Done } from './forms/Task';
import { AccountPage } from './pages/AccountPage';
import { BookPage } from './pages/BookPage';
import { BooksPage } from './pages/BooksPage';
import { ErrorPage } from './pages/ErrorPage';
import { ForgotPage } from './pages/ForgotPage';
import { LoginPage } from './pages/LoginPage';
import { NotFoundPage } from './pages/NotFoundPage';
import { RegisterPage } from './pages/RegisterPage';
import { ResetPage } from './pages/ResetPage';
import { VerifyPage } from './pages/VerifyPage';
import { HOME, loginPath, safeFrom } from './redirects';

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
            Component: LoginPage,
          },
          {
            path: 'register',
            loader: registerLoader,
            action: registerAction,
            Component: RegisterPage,
          },
          { path: 'logout', loader: () => redirect(HOME), action: logoutAction, Component: Nothing },
          {
            path: 'books',
            loader: booksLoader,
            HydrateFallback: BooksSkeleton,
            Component: BooksPage,
          },
          {
            path: 'books/:id',
            loader: bookLoader,
            HydrateFallback: BookSkeleton,
            Component: BookPage,
          },
          { path: 'forgot-password', action: forgotAction, Component: ForgotPage },
          { path: 'reset-password', loader: resetLoader, action: resetAction, Component: ResetPage },
          { path: 'verify-email', loader: verifyLoader, action: verifyAction, Component: VerifyPage },
          {
            path: 'account',
            loader: accountLoader,
            Component: AccountPage,
          },
          // One task of the account page each; whoever types such an address is led to the page.
          { path: 'account/email', loader: toAccount, action: emailAction, Component: Nothing },
          { path: 'account/resend', loader: toAccount, action: resendAction, Component: Nothing },
          { path: 'account/password', loader: toAccount, action: passwordAction, Component: Nothing },
          { path: 'account/sessions', loader: toAccount, action: endOthersAction, Component: Nothing },
          { path: 'account/sessions/:id', loader: toAccount, action: endSessionAction, Component: Nothing },
          { path: 'account/export', loader: toAccount, action: exportAction, Component: Nothing },
          { path: 'account/delete', loader: toAccount, action: deleteAction, Component: Nothing },
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
  if (searchParams.has('reset')) return { notice: RESET_NOTICE };
  if (searchParams.has('untold')) return { notice: UNTOLD_NOTICE };
  return { notice: reason === null ? null : endNotice(reason) };
}

export async function loginAction({ request }: ActionFunctionArgs): Promise<Failure | Response> {
  const { username, password } = await credentials(request);
  const empty = missing(
    { username, password },
    { username: 'Enter your user name.', password: 'Enter your password.' },
  );
  if (empty !== null) return empty;
  try {
    await login(username, password);
  } catch (error) {
    return failure(error, ['username', 'password']);
  }
  return redirect(wanted(request));
}

export async function registerLoader({ request }: LoaderFunctionArgs) {
  strangersOnly(request);
  return { passwordMinLength: await passwordMinLength() };
}

/** The forms work without asking: the server checks anyway. */
const passwordMinLength = () =>
  fetchConfig().then(
    (config) => config.password_min_length,
    () => USUAL_PASSWORD_MIN_LENGTH,
  );

export async function registerAction({ request }: ActionFunctionArgs): Promise<Failure | Response> {
  const { username, password, email } = await credentials(request);
  const empty = missing(
    { username, password },
    { username: 'Choose a user name.', password: 'Choose a password.' },
  );
  if (empty !== null) return empty;
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
  // A password is taken as it is typed: blanks at its ends belong to it.
  return {
    username: text(form, 'username').trim(),
    email: text(form, 'email').trim(),
    password: text(form, 'password'),
  };
}

const text = (form: FormData, name: string) => String(form.get(name) ?? '');

async function logoutAction() {
  return redirect((await logout()) ? '/login' : '/login?untold');
}

// For whoever has a mail, or wants one.

export async function forgotAction({ request }: ActionFunctionArgs): Promise<Failure | { sentTo: string }> {
  const email = text(await request.formData(), 'email').trim();
  const empty = missing({ email }, { email: 'Enter your e-mail address.' });
  if (empty !== null) return empty;
  try {
    await forgotPassword(email);
  } catch (error) {
    return failure(error, ['email']);
  }
  return { sentTo: email };
}

export async function resetLoader() {
  return { hasCode: takeCode() !== null, passwordMinLength: await passwordMinLength() };
}

export async function resetAction({ request }: ActionFunctionArgs): Promise<Failure | Response> {
  const new_password = text(await request.formData(), 'new_password');
  const empty = missing({ new_password }, { new_password: 'Choose a password.' });
  if (empty !== null) return empty;
  try {
    await resetPassword(takeCode() ?? '', new_password);
  } catch (error) {
    return failure(error, ['new_password']);
  }
  await logout(); // what this browser has is ended too
  return redirect('/login?reset');
}

export function verifyLoader() {
  return { hasCode: takeCode() !== null };
}

export async function verifyAction(): Promise<Failure | { confirmed: true }> {
  try {
    await verifyEmail(takeCode() ?? '');
  } catch (error) {
    return failure(error, []);
  }
  return { confirmed: true };
}

// For people who are logged in.

export async function booksLoader({ request }: LoaderFunctionArgs) {
  return loggedIn(request, () => fetchBooks(request.signal));
}

export async function bookLoader({ request, params }: LoaderFunctionArgs) {
  return loggedIn(request, () => fetchBook(Number(params['id']), request.signal));
}

export async function accountLoader({ request }: LoaderFunctionArgs) {
  const { signal } = request;
  const [me, email, sessions, events, minLength] = await loggedIn(request, () =>
    Promise.all([
      fetchMe(signal),
      fetchEmail(signal),
      listSessions(signal),
      fetchEvents(signal),
      passwordMinLength(),
    ]),
  );
  return { me, email, sessions, events, passwordMinLength: minLength };
}

function toAccount() {
  return redirect('/account');
}

async function emailAction({ request }: ActionFunctionArgs): Promise<Failure | Done> {
  const form = await request.formData();
  const email = text(form, 'email').trim();
  return task(
    () => changeEmail(email, text(form, 'current_password')),
    `We sent a link to ${email}. The address counts once you have opened it.`,
  );
}

function resendAction() {
  return task(resendVerification, 'A new link is on its way.');
}

async function passwordAction({ request }: ActionFunctionArgs): Promise<Failure | Done> {
  const form = await request.formData();
  return task(
    () => changePassword(text(form, 'current_password'), text(form, 'new_password')),
    'Your password is changed.',
  );
}

function endOthersAction() {
  return task(endOtherSessions, 'You are logged out everywhere else.');
}

function endSessionAction({ params }: ActionFunctionArgs) {
  return task(() => endSession(String(params['id'])), 'Ended.');
}

function exportAction() {
  return task(
    async () => downloadJson('bookshelf-account.json', await exportAccount()),
    'It is in your downloads.',
  );
}

async function deleteAction({ request }: ActionFunctionArgs): Promise<Failure | Done | Response> {
  const form = await request.formData();
  const answer = await task(() => deleteAccount(text(form, 'current_password')), '');
  return 'done' in answer ? redirect('/login') : answer;
}

async function task(run: () => Promise<unknown>, done: string): Promise<Failure | Done> {
  try {
    await run();
  } catch (error) {
    if (getSession() === null) throw redirect(loginPath('/account'));
    return failure(error, ['email', 'current_password', 'new_password']);
  }
  return { done };
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
  return pathname === location.pathname ? pathname + location.search + location.hash : pathname + search;
}
