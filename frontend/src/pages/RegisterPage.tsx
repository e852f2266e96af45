import {
  type ActionFunctionArgs,
  type LoaderFunctionArgs,
  redirect,
  useActionData,
  useLoaderData,
  useLocation,
} from 'react-router-dom';
import { fetchPasswordMinLength, register } from '../account/api';
import { auth } from '../auth';
import { AuthCard } from '../components/AuthCard';
import { TextLink } from '../components/TextLink';
import { Field } from '../forms/Field';
import { type Failure, failure, missing } from '../forms/failure';
import { NewPasswordField } from '../forms/NewPasswordField';
import { TaskForm } from '../forms/TaskForm';
import { credentialsOf } from '../forms/values';
import { strangersOnly, wantedPath } from '../guards';

export async function registerLoader({ request }: LoaderFunctionArgs) {
  strangersOnly(request);
  return { passwordMinLength: await fetchPasswordMinLength() };
}

export async function registerAction({ request }: ActionFunctionArgs): Promise<Failure | Response> {
  const { username, password, email } = await credentialsOf(request);
  const words = { username: 'Choose a user name.', password: 'Choose a password.' };
  const empty = missing({ username, password }, words);
  if (empty !== null) return empty;
  try {
    await register({ username, password, ...(email !== '' && { email }) });
  } catch (error) {
    return failure(error, ['username', 'email', 'password']);
  }
  return logInAfterwards(username, password, wantedPath(request));
}

async function logInAfterwards(username: string, password: string, path: string) {
  try {
    await auth.login(username, password);
  } catch {
    return redirect('/login?ready'); // the account exists: registering again would only say that the name is taken
  }
  return redirect(path);
}

export function RegisterPage() {
  const { passwordMinLength } = useLoaderData<typeof registerLoader>();
  const refusal = useActionData<typeof registerAction>();
  const { search } = useLocation();

  return (
    <AuthCard title="Create your account">
      <TaskForm label="Create account" busyLabel="Creating your account…" failure={refusal}>
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
