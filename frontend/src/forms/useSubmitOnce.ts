import { type FormEvent, useRef } from 'react';

/** For `onSubmit`: two quick Enters come before anything is drawn, and the second must not send the form again.
 * `moment` is another value as soon as the form has been answered, or was left. */
export function useSubmitOnce(moment: unknown) {
  const sentAt = useRef<unknown>(null);
  return (event: FormEvent) => {
    if (sentAt.current === moment) event.preventDefault();
    sentAt.current = moment;
  };
}
