import { type ActionFunctionArgs, useActionData } from 'react-router-dom';
import { forgotPassword } from '../account/api';
import { Alert } from '../components/Alert';
import { AuthCard } from '../components/AuthCard';
import { TextLink } from '../components/TextLink';
import { Field } from '../forms/Field';
import { type Failure, failure, missing } from '../forms/failure';
import { TaskForm } from '../forms/TaskForm';
import { textOf } from '../forms/values';

export async function forgotAction({ request }: ActionFunctionArgs): Promise<Failure | { sentTo: string }> {
  const email = textOf(await request.formData(), 'email').trim();
  const empty = missing({ email }, { email: 'Enter your e-mail address.' });
  if (empty !== null) return empty;
  try {
    await forgotPassword(email);
  } catch (error) {
    return failure(error, ['email']);
  }
  return { sentTo: email };
}

export function ForgotPage() {
  const answer = useActionData<typeof forgotAction>();
  const sent = answer !== undefined && 'sentTo' in answer;

  return (
    <AuthCard title="Forgot your password?">
      {sent ? (
        <Alert kind="success" role="status">
          If <strong className="break-words text-own">{answer.sentTo}</strong> is the confirmed address of an
          account, a mail with a link is on its way. The link works once, and not for long.
        </Alert>
      ) : (
        <p>Tell us the e-mail address of your account. We send a link to choose a new password.</p>
      )}
      <TaskForm
        label={sent ? 'Send it again' : 'Send the link'}
        busyLabel="Sending…"
        failure={sent ? undefined : answer}
      >
        <Field label="E-mail" name="email" type="email" autoComplete="email" required />
      </TaskForm>
      <p>
        <TextLink to="/login" className="inline-block py-2.5">
          Back to log-in
        </TextLink>
      </p>
    </AuthCard>
  );
}
