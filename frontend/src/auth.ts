/** The browser's half of the token, without React: all that the app knows of the server. */

import { createAuth } from 'tokenkeep';

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
