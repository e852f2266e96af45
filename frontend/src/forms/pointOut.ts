import type { Failure } from './failure';

/** Shows where a form went wrong: empties the password that was refused, keeps everything else, and leads to what has to be corrected. */
export function pointOut(failure: Failure, form: HTMLFormElement) {
  const wrong = [...form.querySelectorAll<HTMLInputElement>('[aria-invalid="true"]')];
  const passwords = [...form.querySelectorAll<HTMLInputElement>('input[autocomplete$="-password"]')];
  const refused = failure.keepPassword
    ? []
    : passwords.filter((input) => wrong.length === 0 || wrong.includes(input));
  empty(refused);
  const next = failure.retryAtMs === null ? refused[0] : undefined;
  (wrong[0] ?? next)?.focus();
}

/** Empties the inputs, with an event, so that what is said about the old text goes too. */
export function empty(inputs: Iterable<HTMLInputElement>) {
  for (const input of inputs) {
    input.value = '';
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }
}
