/** What the API says and is told, as the page sees it: made of its OpenAPI document (`make types`). */

import type { components } from './schema.js';

type Schemas = components['schemas'];

export type User = Schemas['UserOut'];
/** The address that counts, and the one that waits for its link. */
export type Email = Schemas['EmailOut'];
export type Registration = Schemas['Registration'];
export type Config = Schemas['ConfigOut'];
/** One row of the list of sessions. */
export type SessionRow = Schemas['SessionOut'];
/** Something about security that happened to the account. */
export type SecurityEvent = Schemas['EventOut'];
export type LoginAnswer = Schemas['LogInOut'];
/** What every answer that hands out a token has in common. */
export type TokenAnswer = Pick<Schemas['TokenOut'], 'token' | 'expires_in'>;

/** A book as the catalogue gives it: only number and title are certain, whatever the document promises. */
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

type ServerReason = NonNullable<Schemas['ProblemOut']['reason']>;

/** Why a session ended. All but `deleted`, `key_lost` and `unknown` are the server's words. */
export const END_REASONS = [
  'logged_out',
  'revoked',
  'password_changed',
  'reused',
  'expired',
  'account_disabled',
  'deleted', // together with the account
  'key_lost', // bound to a key that isn't here: deleted, or the token was copied from another browser
  'unknown',
] as const satisfies readonly (ServerReason | 'deleted' | 'key_lost' | 'unknown')[];
export type EndReason = (typeof END_REASONS)[number];

export const endReason = (value: unknown): EndReason =>
  END_REASONS.find((reason) => reason === value) ?? 'unknown';
