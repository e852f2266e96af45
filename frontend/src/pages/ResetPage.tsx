import { useActionData, useLoaderData } from 'react-router-dom';
import { Alert } from '../components/Alert';
import { AuthCard } from '../components/AuthCard';
import { TextLink } from '../components/TextLink';
import { NewPasswordField } from '../forms/NewPasswordField';
import { TaskForm } from '../forms/TaskForm';
import type { resetAction, resetLoader } from '../routes';

export function ResetPage() {
  const { hasCode, passwordMinLength } = useLoaderData<typeof resetLoader>();
  const failure = useActionData<typeof resetAction>();

  return (
    <AuthCard title="Choose a new password">
      {hasCode ? (
        <TaskForm label="Change the password" busyLabel="Changing the password…" failure={failure}>
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
