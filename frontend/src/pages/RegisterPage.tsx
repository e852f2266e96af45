import { useActionData, useLoaderData, useLocation } from 'react-router-dom';
import { AuthCard } from '../components/AuthCard';
import { TextLink } from '../components/TextLink';
import { Field } from '../forms/Field';
import { NewPasswordField } from '../forms/NewPasswordField';
import { TaskForm } from '../forms/TaskForm';
import type { registerAction, registerLoader } from '../routes';

export function RegisterPage() {
  const { passwordMinLength } = useLoaderData<typeof registerLoader>();
  const failure = useActionData<typeof registerAction>();
  const { search } = useLocation();

  return (
    <AuthCard title="Create your account">
      <TaskForm label="Create account" busyLabel="Creating your account…" failure={failure}>
        <Field
          label="User name"
          name="username"
          hint="3 to 32 letters, digits, dots, hyphens or underscores"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
        />
        <Field
          label={
            <>
              E-mail <span className="font-normal text-muted">(optional)</span>
            </>
          }
          name="email"
          type="email"
          autoComplete="email"
        />
        <NewPasswordField label="Password" name="password" atLeast={passwordMinLength} />
      </TaskForm>
      <p>
        Have an account?{' '}
        <TextLink to={{ pathname: '/login', search }} className="inline-block py-2.5">
          Log in
        </TextLink>
      </p>
    </AuthCard>
  );
}
