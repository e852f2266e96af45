import { useActionData, useLoaderData, useLocation } from 'react-router-dom';
import { Alert } from '../components/Alert';
import { AuthCard } from '../components/AuthCard';
import { TextLink } from '../components/TextLink';
import { Field } from '../forms/Field';
import { PasswordField } from '../forms/PasswordField';
import { TaskForm } from '../forms/TaskForm';
import type { loginAction, loginLoader } from '../routes';

export function LoginPage() {
  const { notice } = useLoaderData<typeof loginLoader>();
  const failure = useActionData<typeof loginAction>();
  const { search } = useLocation();

  return (
    <AuthCard title="Log in">
      {notice !== null && (
        <Alert kind={notice.kind} role="status">
          {notice.text}
        </Alert>
      )}
      <TaskForm label="Log in" busyLabel="Logging in…" failure={failure}>
        <Field
          label="User name"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
        />
        <PasswordField label="Password" name="password" autoComplete="current-password" required />
      </TaskForm>
      <p>
        <TextLink to="/forgot-password" className="inline-block py-2.5">
          Forgot your password?
        </TextLink>
        <br />
        New here?{' '}
        <TextLink to={{ pathname: '/register', search }} className="inline-block py-2.5">
          Create an account
        </TextLink>
      </p>
    </AuthCard>
  );
}
