/** Security events in words, by their names (OWASP Logging Vocabulary). */
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
