import type { ActionFunctionArgs } from 'react-router-dom';
import { auth } from '../auth';
import { NewPasswordField } from '../forms/NewPasswordField';
import { Task } from '../forms/Task';
import { textOf } from '../forms/values';
import { answerTask } from './answerTask';
import type { Email } from './api';
import { CurrentPassword } from './CurrentPassword';
import { Section } from './Section';

export async function changePasswordAction({ request }: ActionFunctionArgs) {
  const form = await request.formData();
  return answerTask(
    () => auth.changePassword(textOf(form, 'current_password'), textOf(form, 'new_password')),
    'Your password is changed.',
  );
}

interface PasswordSectionProps {
  username: string;
  /** What others know of the person: no part of a good password. */
  email: Email;
  passwordMinLength: number;
}

/** How to change the password. */
export function PasswordSection({ username, email, passwordMinLength }: PasswordSectionProps) {
  return (
    <Section id="password" title="Password">
      <Task action="/account/password" label="Change the password" busyLabel="Changing…">
        <CurrentPassword username={username} />
        <NewPasswordField
          label="New password"
          name="new_password"
          atLeast={passwordMinLength}
          personal={[email.verified, email.pending].filter((address) => address !== null)}
        />
        <p className="text-sm text-muted">Everywhere else you will be logged out.</p>
      </Task>
    </Section>
  );
}
