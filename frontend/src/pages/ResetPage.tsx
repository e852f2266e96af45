import { type ActionFunctionArgs, redirect, useActionData, useLoaderData } from 'react-router-dom';
import { fetchPasswordMinLength, resetPassword } from '../account/api';
import { takeCode } from '../account/oneTimeCode';
import { auth } from '../auth';
import { Alert } from '../components/Alert';
import { AuthCard } from '../components/AuthCard';
import { TextLink } from '../components/TextLink';
import { type Failure, failure, missing } from '../forms/failure';
import { NewPasswordField } from '../forms/NewPasswordField';
import { TaskForm } from '../forms/TaskForm';
import { textOf } from '../forms/values';

export async function resetLoader() {
  return { hasCode: takeCode() !== null, passwordMinLength: await fetchPasswordMinLength() };
}

export async function resetAction({ request }: ActionFunctionArgs): Promise<Failure | Response> {
  const new_password = textOf(await request.formData(), 'new_password');
  const empty = missing({ new_password }, { new_password: 'Choose a password.' });
  if (empty !== null) return empty;
  try {
    await resetPassword(takeCode() ?? '', new_password);
  } catch (error) {
    return failure(error, ['new_password']);
  }
  await auth.logout(); // what this browser has is ended too
  return redirect('/login?reset');
}

export function ResetPage() {
  const { hasCode, passwordMinLength } = useLoaderData<typeof resetLoader>();
  const refusal = useActionData<typeof resetAction>();

  return (
    <AuthCard title="Choose a new password">
      {hasCode ? (
        <TaskForm label="Change the password" busyLabel="Changing the password…" failure={refusal}>
          {/* For password managers, which keep a password under a name; this page doesn't know which. */}
          <input type="text" name="username" autoComplete="username" hidden readOnly />
          <NewPasswordField label="New password" name="new_password" atLeast={passwordMinLength} />
          <p className="text-sm text-muted">
            You will be logged out everywhere, and log in with the new one.
          </p>
        </TaskForm>
      ) : (
        <Alert kind="warning">
          This page needs the link of a mail. Open it once more, or ask for a new one.
        </Alert>
      )}
      <p>
        <TextLink to="/forgot-password" className="inline-block py-2.5">
          Ask for a new link
        </TextLink>
      </p>
    </AuthCard>
  );
}
