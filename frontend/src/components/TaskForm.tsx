import { type FormEvent, type ReactNode, useEffect, useRef } from 'react';
import { Form, useLocation, useNavigation } from 'react-router-dom';
import type { Failure } from '../forms';
import { Alert } from './Alert';
import { Button } from './Button';
import { Countdown } from './Countdown';

interface TaskFormProps {
  /** What the button does, and what it says while it does it. */
  label: string;
  busyLabel: string;
  failure: Failure | undefined;
  children: ReactNode;
}

/** One task: its fields, what went wrong, its button. A real form, so that password managers understand it. */
export function TaskForm({ label, busyLabel, failure, children }: TaskFormProps) {
  const form = useRef<HTMLFormElement>(null);
  const navigation = useNavigation();
  const busy = navigation.formMethod === 'POST';
  const { key } = useLocation();
  const sentFrom = useRef<string>(null);

  useEffect(() => {
    if (failure !== undefined && form.current !== null) pointOut(failure, form.current);
  }, [failure]);

  // Two quick Enters come before `busy` is drawn. The key is a new one as soon as the router has gone on, be it with
  // the answer to this form or because the person went elsewhere meanwhile.
  const submitOnce = (event: FormEvent) => {
    if (sentFrom.current === key) event.preventDefault();
    sentFrom.current = key;
  };

  return (
    <Form ref={form} method="post" replace noValidate onSubmit={submitOnce} className="flex flex-col gap-2">
      {children}
      <div role="alert" className="empty:hidden">
        {failure !== undefined && failure.message !== '' && (
          <Alert kind="danger">
            {failure.message}{' '}
            {failure.retryAt !== null && <Countdown key={failure.retryAt} until={failure.retryAt} />}
          </Alert>
        )}
      </div>
      <Button type="submit" busy={busy} className="mt-2 w-full">
        {busy ? busyLabel : label}
      </Button>
    </Form>
  );
}

/** Clears the password, keeps everything else, and leads to what has to be corrected. */
export function pointOut(failure: Failure, form: HTMLFormElement) {
  const passwords = form.querySelectorAll<HTMLInputElement>('input[autocomplete$="-password"]');
  if (!failure.keepPassword) for (const input of passwords) input.value = '';
  const wrong = form.querySelector<HTMLInputElement>('[aria-invalid="true"]');
  const next = failure.keepPassword || failure.retryAt !== null ? null : passwords[0];
  (wrong ?? next)?.focus();
}
