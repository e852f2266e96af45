import { useActionData } from 'react-router-dom';
import { Alert } from '../components/Alert';
import { AuthCard } from '../components/AuthCard';
import { TextLink } from '../components/TextLink';
import { Field } from '../forms/Field';
import { TaskForm } from '../forms/TaskForm';
import type { forgotAction } from '../routes';

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
