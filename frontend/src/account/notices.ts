/** What the log-in page says about what came before it. */

import type { EndReason } from 'tokenkeep';

export interface Notice {
  kind: 'info' | 'success' | 'warning';
  text: string;
}

/** After a registration whose log-in failed. */
export const READY_NOTICE: Notice = { kind: 'success', text: 'Your account is ready. Log in to go on.' };

/** After a log-out that the server did not hear of. */
export const UNTOLD_NOTICE: Notice = {
  kind: 'warning',
  text: 'You are logged out in this browser. The server couldn’t be told; the session there ends by itself.',
};

/** After a new password was chosen by a link from a mail. */
export const RESET_NOTICE: Notice = {
  kind: 'success',
  text: 'Your password is changed, and you are logged out everywhere. Log in with the new one.',
};

/** After the end of a session: why one has to log in again. */
export function endNotice(reason: EndReason): Notice {
  const unusual = reason === 'reused' || reason === 'key_lost' || reason === 'account_disabled';
  return { kind: unusual ? 'warning' : 'info', text: END_WORDS[reason] };
}

const END_WORDS: Record<EndReason, string> = {
  logged_out: 'You are logged out.',
  deleted: 'Your account and everything of it is gone.',
  revoked: 'Signed out: this session was ended from another device.',
  password_changed: 'Signed out because your password was changed.',
  reused:
    'Signed out to be safe: an old copy of your session was used. If that wasn’t you, change your password.',
  expired: 'Signed out because you hadn’t been here for a while.',
  account_disabled: 'Signed out because this account was disabled.',
  key_lost: 'Signed out because the key to your session is no longer in this browser.',
  unknown: 'Signed out because your session has ended.',
};
