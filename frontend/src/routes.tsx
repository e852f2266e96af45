/** The route table: which page stands at which address, what is loaded before it is shown (loader) and what its forms
 * do (action). */

import { type RouteObject, redirect } from 'react-router-dom';
import { changeEmailAction, resendAction } from './account/EmailSection';
import { deleteAction, exportAction } from './account/LeavingSection';
import { changePasswordAction } from './account/PasswordSection';
import { endOthersAction, endSessionAction } from './account/SessionsSection';
import { BookSkeleton } from './books/BookSkeleton';
import { BooksSkeleton } from './books/BooksSkeleton';
import { Layout } from './components/Layout';
import { AccountPage, accountLoader } from './pages/AccountPage';
import { BookPage, bookLoader } from './pages/BookPage';
import { BooksPage, booksLoader } from './pages/BooksPage';
import { ErrorPage } from './pages/ErrorPage';
import { ForgotPage, forgotAction } from './pages/ForgotPage';
import { LoginPage, loginAction, loginLoader } from './pages/LoginPage';
import { logoutAction } from './pages/logout';
import { NotFoundPage } from './pages/NotFoundPage';
import { RegisterPage, registerAction, registerLoader } from './pages/RegisterPage';
import { ResetPage, resetAction, resetLoader } from './pages/ResetPage';
import { VerifyPage, verifyAction, verifyLoader } from './pages/VerifyPage';
import { HOME } from './redirects';

const Nothing = () => null;
const toHome = () => redirect(HOME);
const toAccount = () => redirect('/account');

const pages: RouteObject[] = [
  { index: true, loader: toHome, Component: Nothing },

  // For strangers.
  { path: 'login', loader: loginLoader, action: loginAction, Component: LoginPage },
  { path: 'register', loader: registerLoader, action: registerAction, Component: RegisterPage },

  // For whoever has a mail, or wants one.
  { path: 'forgot-password', action: forgotAction, Component: ForgotPage },
  { path: 'reset-password', loader: resetLoader, action: resetAction, Component: ResetPage },
  { path: 'verify-email', loader: verifyLoader, action: verifyAction, Component: VerifyPage },

  // For people who are logged in.
  { path: 'books', loader: booksLoader, HydrateFallback: BooksSkeleton, Component: BooksPage },
  { path: 'books/:id', loader: bookLoader, HydrateFallback: BookSkeleton, Component: BookPage },
  { path: 'account', loader: accountLoader, Component: AccountPage },
  // One task of the account page each; whoever types such an address is led to the page.
  { path: 'account/email', loader: toAccount, action: changeEmailAction, Component: Nothing },
  { path: 'account/resend', loader: toAccount, action: resendAction, Component: Nothing },
  { path: 'account/password', loader: toAccount, action: changePasswordAction, Component: Nothing },
  { path: 'account/sessions', loader: toAccount, action: endOthersAction, Component: Nothing },
  { path: 'account/sessions/:id', loader: toAccount, action: endSessionAction, Component: Nothing },
  { path: 'account/export', loader: toAccount, action: exportAction, Component: Nothing },
  { path: 'account/delete', loader: toAccount, action: deleteAction, Component: Nothing },
  { path: 'logout', loader: toHome, action: logoutAction, Component: Nothing },

  { path: '*', Component: NotFoundPage },
];

export const routes: RouteObject[] = [
  {
    Component: Layout,
    ErrorBoundary: ErrorPage,
    // Within the layout, so that a page that failed leaves the header in place.
    children: [{ ErrorBoundary: ErrorPage, HydrateFallback: Nothing, children: pages }],
  },
];
