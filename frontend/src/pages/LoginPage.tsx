import {
  type ActionFunctionArgs,
  type LoaderFunctionArgs,
  redirect,
  useActionData,
  useLoaderData,
  useLocation,
} from 'react-router-dom';
import { endNotice, type Notice, READY_NOTICE, RESET_NOTICE, UNTOLD_NOTICE } from '../account/notices';
import { auth } from '../auth';
import { Alert } from '../components/Alert';
import { AuthCard } from '../components/AuthCard';
import { TextLink } from '../components/TextLink';
import { Field } from '../forms/Field';
import { type Failure, failure, missing } from '../forms/failure';
import { PasswordField } from '../forms/PasswordField';
import { TaskForm } from '../forms/TaskForm';
import { credentialsOf } from '../forms/values';
import { strangersOnly, wantedPath } from '../guards';

export function loginLoader({ request }: LoaderFunctionArgs): { notice: Notice | null } {
  strangersOnly(request);
  const reason = auth.takeEndReason();
  const { searchParams } = new URL(request.url);
  if (searchParams.has('ready')) return { notice: READY_NOTICE };
  if (searchParams.has('reset')) return { notice: RESET_NOTICE };
  if (searchParams.has('untold')) return { notice: UNTOLD_NOTICE };
  return { notice: reason === null ? null : endNotice(reason) };
}

export async function loginAction({ request }: ActionFunctionArgs): Promise<Failure | Response> {
  const { username, password } = await credentialsOf(request);
  const words = { username: 'Enter your user name.', password: 'Enter your password.' };
  const empty = missing({ username, password }, words);
  if (empty !== null) return empty;
  try {
    await auth.login(username, password);
  } catch (error) {
    return failure(error, ['username', 'password']);
  }
  return redirect(wantedPath(request));
}

export function LoginPage() {
  const { notice } = useLoaderData<typeof loginLoader>();
  const refusal = useActionData<typeof loginAction>();
  const { search } = useLocation();

  return (
    <AuthCard title="Log in">
      {notice !== null && (
        <Alert kind={notice.kind} role="status">
          {notice.text}
        </Alert>
      )}
      <TaskForm label="Log in" busyLabel="Logging in…" failure={refusal}>
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
