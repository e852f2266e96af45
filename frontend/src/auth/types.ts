/** What the API says and is told, as the page sees it. */

export interface User {
  id: string;
  username: string;
  email: string | null;
  email_verified: boolean;
  created_at: string;
}

export interface Registration {
  username: string;
  password: string;
  email?: string;
}

/** A book as the catalogue gives it: only number and title are certain. */
export interface Book {
  id: number;
  title: string;
  isbn?: string;
  pageCount?: number;
  authors?: string[];
}

export interface Catalogue {
  books: Book[];
  /** `cached`: the catalogue itself can't be reached; `sample`: it never could. */
  catalogue: 'live' | 'cached' | 'sample';
}

export interface Config {
  public_url: string;
  password_min_length: number;
}

/** One row of the list of sessions. */
export interface SessionRow {
  id: string;
  current: boolean;
  bound: boolean;
  created_at: string;
  last_refreshed_at: string | null;
  ip: string | null;
  user_agent: string | null;
}

/** What every answer that hands out a token has in common. */
export interface TokenAnswer {
  token: string;
  /** In seconds. */
  expires_in: number;
}

export interface LoginAnswer extends TokenAnswer {
  session: { id: string; bound: boolean };
  user: User;
}

/** Why a session ended. All but `key_lost` and `unknown` are the server's words. */
export const END_REASONS = [
  'logged_out',
  'revoked',
  'password_changed',
  'reused',
  'expired',
  'account_disabled',
  'key_lost', // bound to a key that isn't here: deleted, or the token was copied from another browser
  'unknown',
] as const;
export type EndReason = (typeof END_REASONS)[number];

export const endReason = (value: unknown): EndReason =>
  END_REASONS.find((reason) => reason === value) ?? 'unknown';
