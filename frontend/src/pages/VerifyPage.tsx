import { useActionData, useLoaderData } from 'react-router-dom';
import { verifyEmail } from '../account/api';
import { takeCode } from '../account/oneTimeCode';
import { Alert } from '../components/Alert';
import { AuthCard } from '../components/AuthCard';
import { TextLink } from '../components/TextLink';
import { type Failure, failure } from '../forms/failure';
import { TaskForm } from '../forms/TaskForm';
import { HOME } from '../redirects';

export function verifyLoader() {
  return { hasCode: takeCode() !== null };
}

export async function verifyAction(): Promise<Failure | { confirmed: true }> {
  try {
    await verifyEmail(takeCode() ?? '');
  } catch (error) {
    return failure(error, []);
  }
  return { confirmed: true };
}

/** With a button: a program that looks through mail opens links, and must not confirm anything by that. */
export function VerifyPage() {
  const { hasCode } = useLoaderData<typeof verifyLoader>();
  const answer = useActionData<typeof verifyAction>();
  const confirmed = answer !== undefined && 'confirmed' in answer;

  return (
    <AuthCard title="Confirm your address">
      {confirmed ? (
        <Alert kind="success" role="status">
          Your e-mail address is confirmed. You can log in with it, and recover your account by it.
        </Alert>
      ) : hasCode ? (
        <TaskForm label="Confirm this address" busyLabel="Confirming…" failure={answer}>
          <p>
            From then on you can log in with it, and get back into your account if you forget the password.
          </p>
        </TaskForm>
      ) : (
        <Alert kind="warning">This page needs the link of a mail. Please open it once more.</Alert>
      )}
      <p>
        <TextLink to={confirmed ? HOME : '/account#email'} className="inline-block py-2.5">
          {confirmed ? 'To the books' : 'Send a new link from your account page'}
        </TextLink>
      </p>
    </AuthCard>
  );
}
