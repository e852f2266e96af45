/** What went wrong with a form, as it shows it. */

import { ApiProblem, NetworkError } from 'tokenkeep';

export interface Failure {
  /** What is wrong with the whole, for the alert above the button; empty if the fields say it all. */
  message: string;
  /** What is wrong with a field, by its name. */
  fields: Readonly<Record<string, string>>;
  /** When it may be tried again, in milliseconds since the epoch. */
  retryAtMs: number | null;
  /** Whether what was typed as the password may stay for the next try: nothing was wrong with it. */
  keepPassword: boolean;
}

const FAILURE: Failure = { message: '', fields: {}, retryAtMs: null, keepPassword: false };

/** Whether an action's answer says that it failed. */
export const isFailure = (answer: unknown): answer is Failure =>
  typeof answer === 'object' && answer !== null && 'fields' in answer;

/** Says of the fields that are empty, in these words, what has to be typed into them; null if none is empty.
 *
 * That needs no server. */
export function missing(values: Record<string, string>, words: Record<string, string>): Failure | null {
  const fields = Object.entries(words).filter(([name]) => values[name] === '');
  return fields.length === 0 ? null : { ...FAILURE, keepPassword: true, fields: Object.fromEntries(fields) };
}

/** Puts an error of a request into words: field by field for the fields that the form shows, else for the whole.
 *
 * What is neither the server's answer nor the lack of one is thrown on, to the error page. */
export function failure(error: unknown, shownFields: readonly string[]): Failure {
  if (error instanceof NetworkError) {
    return { ...FAILURE, keepPassword: true, message: NO_CONNECTION };
  }
  if (!(error instanceof ApiProblem)) throw error;
  const retryAtMs = error.retryAfterSeconds === null ? null : Date.now() + error.retryAfterSeconds * 1000;
  if (error.status === 429) return { ...FAILURE, retryAtMs, message: 'Too many tries.' };
  if (error.status >= 500) return { ...FAILURE, retryAtMs, keepPassword: true, message: TROUBLE };
  return { ...FAILURE, ...refused(error, shownFields) };
}

const NO_CONNECTION = 'The server can’t be reached. Check your connection, then try again.';
const TROUBLE = 'The server has trouble at the moment. Nothing is wrong with what you typed.';

function refused(problem: ApiProblem, shownFields: readonly string[]): Pick<Failure, 'message' | 'fields'> {
  const fields: Record<string, string> = {};
  const rest: string[] = [];
  for (const { field, message } of problem.errors) {
    if (!shownFields.includes(field)) rest.push(message);
    else fields[field] ??= message;
  }
  if (problem.errors.length === 0) rest.push(problem.detail || problem.title);
  return { fields, message: rest.join(' ') };
}
