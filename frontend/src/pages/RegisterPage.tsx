import { useState } from 'react';
import { useActionData, useLoaderData, useLocation } from 'react-router-dom';
import { AuthCard } from '../components/AuthCard';
import { Field } from '../components/Field';
import { PasswordField } from '../components/PasswordField';
import { TaskForm } from '../components/TaskForm';
import { TextLink } from '../components/TextLink';
import { length } from '../forms';
import { progress } from '../passwords';
import type { registerAction, registerLoader } from '../routes';

export function RegisterPage() {
  const { passwordMinLength } = useLoaderData<typeof registerLoader>();
  const failure = useActionData<typeof registerAction>();
  const { search } = useLocation();
  const [typed, setTyped] = useState(0);

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
          error={failure?.fields['username']}
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
          error={failure?.fields['email']}
        />
        <PasswordField
          label="Password"
          name="password"
          hint={`At least ${passwordMinLength} characters. A few words in a row do well.`}
          autoComplete="new-password"
          required
          onChange={(event) => setTyped(length(event.currentTarget.value))}
          note={typed > 0 && progress(typed, passwordMinLength)}
          error={failure?.fields['password']}
        />
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
