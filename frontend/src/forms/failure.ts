/** What a form shows after it was refused. */

import { ApiProblem, NetworkError } from 'tokenkeep';

export interface Failure {
  /** What is wrong with the whole, for the alert above the button; empty if the fields say it all. */
  message: string;
  /** What is wrong with a field, by its name. */
  fields: Readonly<Record<string, string>>;
  /** When it may be tried again, in milliseconds since the epoch. */
  retryAt: number | null;
  /** Nothing was wrong with the password: it may stay for the next try. */
  keepPassword: boolean;
}

const FAILURE: Failure = { message: '', fields: {}, retryAt: null, keepPassword: false };

export const isFailure = (answer: unknown): answer is Failure =>
  typeof answer === 'object' && answer !== null && 'fields' in answer;

/** What can be said without asking the server: which values are empty, in these words; null if none is. */
export function missing(values: Record<string, string>, words: Record<string, string>): Failure | null {
  const fields = Object.entries(words).filter(([name]) => values[name] === '');
  return fields.length === 0 ? null : { ...FAILURE, keepPassword: true, fields: Object.fromEntries(fields) };
}

/** Shapes what the server (or the lack of one) said; what is no refusal is thrown on to the error page. */
export function failure(error: unknown, shownFields: readonly string[]): Failure {
  if (error instanceof NetworkError) {
    return { ...FAILURE, keepPassword: true, message: NO_CONNECTION };
  }
  if (!(error instanceof ApiProblem)) throw error;
  const retryAt = error.retryAfter === null ? null : Date.now() + error.retryAfter * 1000;
  if (error.status === 429) return { ...FAILURE, retryAt, message: 'Too many tries.' };
  if (error.status >= 500) return { ...FAILURE, retryAt, keepPassword: true, message: TROUBLE };
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

/** "2 min 5 s", in one piece: a number never ends a line. */
export function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = Math.ceil(seconds % 60);
  if (minutes === 0) return `${rest}\u00a0s`;
  return rest === 0 ? `${minutes}\u00a0min` : `${minutes}\u00a0min ${rest}\u00a0s`;
}

/** In code points, as the server counts: an emoji is one character. */
export const length = (text: string) => [...text.normalize('NFC')].length;
