/** Why a session ended, in words for programs. */

import type { components } from './schema.js';

type ServerReason = NonNullable<components['schemas']['ProblemOut']['reason']>;

const END_REASONS = [
  'logged_out',
  'revoked',
  'password_changed',
  'reused',
  'expired',
  'account_disabled',
  'deleted', // the account was deleted, and the session with it
  'key_lost', // its key isn't in this browser: deleted, or the token was copied here from another one
  'unknown', // the server did not say
] as const satisfies readonly (ServerReason | 'deleted' | 'key_lost' | 'unknown')[];

/** Why a session ended: the server's words, or `deleted` (with the account), `key_lost` (its key is not in this
 * browser), `unknown`. */
export type EndReason = (typeof END_REASONS)[number];

/** Reads a reason from what can be anything; `unknown` if it is none of ours. */
export const endReason = (value: unknown): EndReason =>
  END_REASONS.find((reason) => reason === value) ?? 'unknown';
