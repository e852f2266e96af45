/** What is asked of the server about accounts. Log-in, log-out, a new password and the account's end are asked of
 * `auth`, since they change the session that is stored. */

import type { User } from 'tokenkeep';
import { auth } from '../auth';
import type { components } from '../schema';

type Schemas = components['schemas'];

/** The address that counts, and the one that waits for its link to be opened. */
export type Email = Schemas['EmailOut'];
export type Registration = Schemas['Registration'];
/** One row of the list of sessions. */
export type SessionRow = Schemas['SessionOut'];
/** Something about security that happened to the account. */
export type SecurityEvent = Schemas['EventOut'];

const USUAL_PASSWORD_MIN_LENGTH = 15; // code points; the server's default, NIST SP 800-63B-4 §3.1.1.2

// For anybody.

/** Makes the account; to log in is the next step. */
export const register = (registration: Registration) =>
  auth.requestAnonymously<{ user: User }>({ method: 'POST', path: '/register', body: registration });

/** Has a link to choose a new password sent to this address, if it is a confirmed one of an account. */
export const forgotPassword = (email: string) =>
  auth.requestAnonymously({ method: 'POST', path: '/password/forgot', body: { email } });

/** Spends the code of such a link. All sessions of the person end. */
export const resetPassword = (code: string, newPassword: string) =>
  auth.requestAnonymously({
    method: 'POST',
    path: '/password/reset',
    body: { code, new_password: newPassword },
  });

/** Spends the code of a link that confirms an address. */
export const verifyEmail = (code: string) =>
  auth.requestAnonymously({ method: 'POST', path: '/email/verify', body: { code } });

/** How many code points a password must have. Never fails: the forms work without asking, for the server checks. */
export const fetchPasswordMinLength = () =>
  auth.fetchConfig().then(
    (config) => config.password_min_length,
    () => USUAL_PASSWORD_MIN_LENGTH,
  );

// For the person who is logged in.

export const fetchMe = (signal?: AbortSignal) => auth.request<User>({ method: 'GET', path: '/me', signal });

export const fetchEmail = (signal?: AbortSignal) =>
  auth.request<Email>({ method: 'GET', path: '/me/email', signal });

/** Has a link sent to the new address, which counts once that was opened. */
export const changeEmail = (email: string, currentPassword: string) =>
  auth.request({ method: 'PATCH', path: '/me', body: { email, current_password: currentPassword } });

/** Has the link that confirms the waiting address sent again. */
export const resendVerification = () => auth.request({ method: 'POST', path: '/email/verify/resend' });

/** The newest security events. */
export const fetchEvents = (signal?: AbortSignal) =>
  auth.request<SecurityEvent[]>({ method: 'GET', path: '/me/events', signal });

/** Everything that is stored about the person. */
export const exportAccount = () => auth.request<unknown>({ method: 'GET', path: '/me/export' });

export const fetchSessions = (signal?: AbortSignal) =>
  auth.request<SessionRow[]>({ method: 'GET', path: '/sessions', signal });

export const endSession = (id: string) =>
  auth.request({ method: 'DELETE', path: `/sessions/${encodeURIComponent(id)}` });

/** Ends all sessions of the person but this one. */
export const endOtherSessions = () => auth.request({ method: 'DELETE', path: '/sessions' });
