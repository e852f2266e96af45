/** The browser's half of the token, without React: all that the app knows of the server. */

import { createAuth } from './client';

export const {
  login,
  register,
  logout,
  getSession,
  subscribe,
  takeEndReason,
  request,
  fetchConfig,
  fetchBooks,
  fetchBook,
  fetchMe,
  fetchEmail,
  fetchEvents,
  changeEmail,
  changePassword,
  deleteAccount,
  exportAccount,
  listSessions,
  endSession,
  endOtherSessions,
  forgotPassword,
  resetPassword,
  verifyEmail,
  resendVerification,
} = createAuth(window);

export { ApiProblem, type FieldError, NetworkError } from './problems';
export type { StoredSession } from './stored';
export type {
  Book,
  Catalogue,
  Config,
  EndReason,
  Registration,
  SecurityEvent,
  SessionRow,
  User,
} from './types';
