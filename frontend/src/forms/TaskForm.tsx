import { type ReactNode, useEffect, useRef } from 'react';
import { Form, useLocation, useNavigation } from 'react-router-dom';
import { Button } from '../components/Button';
import { FailureAlert } from './FailureAlert';
import { FieldErrors, NO_ERRORS } from './Field';
import type { Failure } from './failure';
import { pointOut } from './pointOut';
import { useSubmitOnce } from './useSubmitOnce';

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
  // The key is a new one as soon as the router has gone on, be it with the answer to this form or because the person
  // went elsewhere meanwhile.
  const submitOnce = useSubmitOnce(useLocation().key);

  useEffect(() => {
    if (failure !== undefined && form.current !== null) pointOut(failure, form.current);
  }, [failure]);

  return (
    <Form ref={form} method="post" replace noValidate onSubmit={submitOnce} className="flex flex-col gap-2">
      <FieldErrors value={failure?.fields ?? NO_ERRORS}>{children}</FieldErrors>
      <FailureAlert failure={failure} busy={busy} />
      <Button type="submit" busy={busy} className="mt-2 w-full">
        {busy ? busyLabel : label}
      </Button>
    </Form>
  );
}
