/** A session as this browser keeps it: its members, and how they are read from answers and from storage. */

import { isRecord, NetworkError } from './problems.js';
import type { TokenAnswer, User } from './types.js';

const MAX_MARGIN_MS = 60_000; // room for a slow network and a second try; or a quarter of a short life

/** The session that this browser has. */
export interface StoredSession {
  /** Names the session, also in the list of sessions; opens nothing. */
  readonly id: string;
  /** Who logged in, as the server said it then. */
  readonly user: User;
  /** What is sent in the Authorization header. */
  readonly token: string;
  /** When the token ends, by this device's clock, in milliseconds since the epoch. */
  readonly expiresAt: number;
  /** From when on the token is replaced by the next one; counted like `expiresAt`. */
  readonly refreshAt: number;
  /** Whether only this browser can renew the token, because that takes a key that it holds. */
  readonly bound: boolean;
  /** The name of that key; null for a session that is not bound. */
  readonly keyName: string | null;
}

/** Reads the session that a log-in's answer begins. Its request left at `sentAtMs`, by this device's clock.
 *
 * Throws NetworkError for an answer that our server can't have written: a captive portal answers 200 with a page
 * of its own, and to store that would log out. */
export function sessionFrom(answer: unknown, sentAtMs: number, keyName: string | null): StoredSession {
  const { id, bound } = isRecord(answer) && isRecord(answer['session']) ? answer['session'] : {};
  const user = isRecord(answer) ? answer['user'] : undefined;
  const session = { id, bound, user, keyName: bound ? keyName : null, ...tokenFrom(answer, sentAtMs) };
  if (!isSession(session)) throw notOurs();
  return session;
}

/** Reads the token of an answer, and when it ends and is due for a refresh.
 *
 * Counted from when the request left, so that the token ends here no later than on the server. */
export function tokenFrom(
  answer: unknown,
  sentAtMs: number,
): Pick<StoredSession, 'token' | 'expiresAt' | 'refreshAt'> {
  if (!isTokenAnswer(answer)) throw notOurs();
  const lifeMs = answer.expires_in * 1000;
  const expiresAt = sentAtMs + lifeMs;
  return { token: answer.token, expiresAt, refreshAt: expiresAt - Math.min(MAX_MARGIN_MS, lifeMs / 4) };
}

const notOurs = () => new NetworkError('The answer is not from our server');

/** Reads a session as it was stored. Null for everything else that can stand there: nothing, something edited by
 * hand, or something of another app on this origin or of an older version. */
export function parseSession(text: string | null): StoredSession | null {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return isSession(value) ? value : null;
  } catch {
    return null;
  }
}

const isSession = (value: unknown): value is StoredSession =>
  isRecord(value) &&
  typeof value['id'] === 'string' &&
  isUser(value['user']) &&
  isToken(value['token']) &&
  Number.isFinite(value['expiresAt']) &&
  Number.isFinite(value['refreshAt']) &&
  typeof value['bound'] === 'boolean' &&
  (typeof value['keyName'] === 'string' || value['keyName'] === null);

const isUser = (value: unknown): value is User =>
  isRecord(value) && typeof value['id'] === 'string' && typeof value['username'] === 'string';

const isTokenAnswer = (value: unknown): value is TokenAnswer =>
  isRecord(value) && isToken(value['token']) && Number.isFinite(value['expires_in']);

/** Base64url behind our prefix: nothing that could break out of a header. */
const isToken = (value: unknown): value is string => typeof value === 'string' && /^ta1_[\w-]+$/.test(value);
