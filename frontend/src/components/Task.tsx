import { type ReactNode, useEffect, useRef } from 'react';
import { useFetcher } from 'react-router-dom';
import type { Failure } from '../forms';
import { Alert } from './Alert';
import { Button } from './Button';
import { Countdown } from './Countdown';
import { FieldErrors } from './Field';
import { pointOut } from './TaskForm';

/** What an action answers when it has done what was asked. */
export interface Done {
  done: string;
}

interface TaskProps {
  /** The address of its action. */
  action: string;
  label: string;
  busyLabel: string;
  quiet?: boolean;
  children?: ReactNode;
}

/** One of several tasks on a screen: it goes nowhere, and says below its fields what came of it. */
export function Task({ action, label, busyLabel, quiet = false, children }: TaskProps) {
  const fetcher = useFetcher<Failure | Done>();
  const form = useRef<HTMLFormElement>(null);
  const busy = fetcher.state !== 'idle';
  const answer = fetcher.data;

  useEffect(() => {
    if (answer === undefined || form.current === null) return;
    if ('done' in answer) form.current.reset();
    else pointOut(answer, form.current);
  }, [answer]);

  return (
    <fetcher.Form ref={form} method="post" action={action} noValidate className="flex flex-col gap-2">
      <FieldErrors value={answer !== undefined && 'fields' in answer ? answer.fields : NONE}>
        {children}
      </FieldErrors>
      <div role="alert" className="empty:hidden">
        {answer !== undefined && 'message' in answer && answer.message !== '' && (
          <Alert kind="danger">
            {answer.message}{' '}
            {answer.retryAt !== null && <Countdown key={answer.retryAt} until={answer.retryAt} />}
          </Alert>
        )}
      </div>
      <div role="status" className="empty:hidden">
        {answer !== undefined && 'done' in answer && !busy && <Alert kind="success">{answer.done}</Alert>}
      </div>
      <Button type="submit" busy={busy} className={`mt-2 self-start ${quiet ? QUIET : ''}`}>
        {busy ? busyLabel : label}
      </Button>
    </fetcher.Form>
  );
}

const NONE = {};
const QUIET = 'border border-line bg-card! text-fg! hover:border-accent';
