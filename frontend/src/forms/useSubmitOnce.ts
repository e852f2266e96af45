import { type FormEvent, useRef } from 'react';

/** Returns an `onSubmit` that lets a form be sent once until it is answered: two quick Enters come before anything is
 * drawn, and the second must not send it again.
 *
 * `moment` is a value that is another one as soon as the form has been answered, or was left. */
export function useSubmitOnce(moment: unknown) {
  const sentIn = useRef<unknown>(null);
  return (event: FormEvent) => {
    if (sentIn.current === moment) event.preventDefault();
    sentIn.current = moment;
  };
}
