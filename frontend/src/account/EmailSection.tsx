import type { ActionFunctionArgs } from 'react-router-dom';
import { Field } from '../forms/Field';
import { Task } from '../forms/Task';
import { textOf } from '../forms/values';
import { answerTask } from './answerTask';
import { changeEmail, type Email, resendVerification } from './api';
import { CurrentPassword } from './CurrentPassword';
import { Section } from './Section';

export async function changeEmailAction({ request }: ActionFunctionArgs) {
  const form = await request.formData();
  const email = textOf(form, 'email').trim();
  return answerTask(
    () => changeEmail(email, textOf(form, 'current_password')),
    `We sent a link to ${email}. The address counts once you have opened it.`,
  );
}

export function resendAction() {
  return answerTask(resendVerification, 'A new link is on its way.');
}

/** The e-mail addresses of the account, and how to change them. */
export function EmailSection({ email, username }: { email: Email; username: string }) {
  return (
    <Section id="email" title="E-mail">
      {email.verified === null && email.pending === null && (
        <p>There is no address yet. With one you can get back in if you forget the password.</p>
      )}
      {email.verified !== null && <Address text={email.verified} state="confirmed" />}
      {email.pending !== null && <Pending address={email.pending} replaces={email.verified !== null} />}
      <Task action="/account/email" label="Change the address" busyLabel="Changing…">
        <Field label="New e-mail address" name="email" type="email" autoComplete="email" required />
        <CurrentPassword username={username} />
      </Task>
    </Section>
  );
}

/** An address that waits until its link is opened; it may replace another one then. */
function Pending({ address, replaces }: { address: string; replaces: boolean }) {
  return (
    <>
      <Address text={address} state={replaces ? 'takes its place once confirmed' : 'not confirmed yet'} />
      <Task action="/account/resend" label="Send the link again" busyLabel="Sending…" look="quiet" />
    </>
  );
}

function Address({ text, state }: { text: string; state: string }) {
  return (
    <p className="break-words">
      <span className="text-own">{text}</span> <span className="text-muted">({state})</span>
    </p>
  );
}
