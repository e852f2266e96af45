import { PasswordField } from '../forms/PasswordField';

/** The field for the password of the person who is logged in, to confirm what they ask for.
 *
 * With the user name, hidden: password managers keep a password under one. */
export function CurrentPassword({ username }: { username: string }) {
  return (
    <>
      <input type="text" name="username" autoComplete="username" hidden readOnly value={username} />
      <PasswordField
        label="Current password"
        name="current_password"
        autoComplete="current-password"
        required
      />
    </>
  );
}
