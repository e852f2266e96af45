import { type ReactNode, useEffect, useRef } from 'react';
import { useFetcher } from 'react-router-dom';
import { Alert } from '../components/Alert';
import { Button, type Look } from '../components/Button';
import { FailureAlert } from './FailureAlert';
import { FieldErrors, NO_ERRORS } from './Field';
import { type Failure, isFailure } from './failure';
import { empty, pointOut } from './pointOut';
import { useSubmitOnce } from './useSubmitOnce';

/** What an action answers when it has done what was asked. */
export interface Done {
  done: string;
}

interface TaskProps {
  /** The address of its action. */
  action: string;
  label: string;
  busyLabel: string;
  look?: Look;
  children?: ReactNode;
}

/** One of several tasks on a screen: it goes nowhere, and says above its button what came of it. */
export function Task({ action, label, busyLabel, look = 'main', children }: TaskProps) {
  const fetcher = useFetcher<Failure | Done>();
  const form = useRef<HTMLFormElement>(null);
  const submitOnce = useSubmitOnce(fetcher.data);
  const busy = fetcher.state !== 'idle';
  const answer = fetcher.data;
  const failure = isFailure(answer) ? answer : undefined;

  useEffect(() => {
    if (answer === undefined || form.current === null) return;
    if (isFailure(answer)) pointOut(answer, form.current);
    else empty(form.current.querySelectorAll<HTMLInputElement>('input:not([readonly])'));
  }, [answer]);

  return (
    <fetcher.Form
      ref={form}
      method="post"
      action={action}
      noValidate
      onSubmit={submitOnce}
      className="flex flex-col gap-2"
    >
      <FieldErrors value={failure?.fields ?? NO_ERRORS}>{children}</FieldErrors>
      <FailureAlert failure={failure} busy={busy} />
      <div role="status" className="empty:hidden">
        {answer !== undefined && !isFailure(answer) && !busy && <Alert kind="success">{answer.done}</Alert>}
      </div>
      <Button type="submit" look={look} busy={busy} className="mt-2 self-start">
        {busy ? busyLabel : label}
      </Button>
    </fetcher.Form>
  );
}
