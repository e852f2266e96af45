import type { EndReason } from 'tokenkeep';

export interface Notice {
  kind: 'info' | 'success' | 'warning';
  text: string;
}

export const READY_NOTICE: Notice = { kind: 'success', text: 'Your account is ready. Log in to go on.' };

export const UNTOLD_NOTICE: Notice = {
  kind: 'warning',
  text: 'You are logged out in this browser. The server couldn’t be told; the session there ends by itself.',
};

export const RESET_NOTICE: Notice = {
  kind: 'success',
  text: 'Your password is changed, and you are logged out everywhere. Log in with the new one.',
};

/** Security events in words; the names are those of the OWASP Logging Vocabulary. */
export const EVENT_WORDS: Readonly<Record<string, string>> = {
  user_created: 'Account created',
  authn_login_success: 'Logged in',
  authn_login_fail: 'Somebody tried to log in with a wrong password',
  authn_confirmation_fail: 'A change was tried with a wrong password',
  authn_token_reuse: 'An old copy of a session was used; that session was ended',
  authn_invalid_proof: 'Somebody tried to renew a session without its key',
  authn_password_change: 'Password changed',
  authn_password_reset: 'Password reset by a link from a mail',
  authn_email_change_requested: 'New e-mail address entered',
  authn_email_verified: 'E-mail address confirmed',
  session_ended: 'A session was ended',
  sessions_ended: 'All other sessions were ended',
  mail_given_up: 'A mail could not be delivered',
};

export function endNotice(reason: EndReason): Notice {
  const unusual = reason === 'reused' || reason === 'key_lost' || reason === 'account_disabled';
  return { kind: unusual ? 'warning' : 'info', text: END_WORDS[reason] };
}

/** Why one has to log in again, in words. */
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
