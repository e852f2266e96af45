/** What can go wrong with a request: the server refused it (ApiProblem), or gave no answer that counts (NetworkError). */

/** What is wrong with one member of the body that was sent. */
export interface FieldError {
  field: string;
  code: string;
  message: string;
}

interface Said {
  status: number;
  code?: unknown;
  title?: unknown;
  detail?: unknown;
  errors?: unknown;
  reason?: unknown;
  retryAfterSeconds?: number | null;
}

/** An answer that is an error: a problem as RFC 9457 has it, or a proxy's own page (`code` is then `unreadable`). */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  /** What happened, as one of the words that the API's document lists: `invalid_token`. */
  readonly code: string;
  /** What happened, in words that are the same each time. */
  readonly title: string;
  /** What happened this time and what to do now, in words for people; empty if the server did not say. */
  readonly detail: string;
  /** What is wrong with single members of the body. */
  readonly errors: readonly FieldError[];
  /** How long to wait before it may be tried again; null if the server did not say. */
  readonly retryAfterSeconds: number | null;
  /** With the code `session_ended`: why it ended. */
  readonly reason?: string;

  constructor(said: Said) {
    const title = text(said.title) ?? `The server answered ${said.status}`;
    super(text(said.detail) ?? title);
    this.status = said.status;
    this.code = text(said.code) ?? 'unreadable';
    this.title = title;
    this.detail = text(said.detail) ?? '';
    this.errors = Array.isArray(said.errors) ? said.errors.filter(isFieldError) : [];
    this.retryAfterSeconds = said.retryAfterSeconds ?? null;
    if (typeof said.reason === 'string') this.reason = said.reason;
  }

  /** Reads the problem of an answer: `data` is its parsed body, which can be anything. */
  static from(status: number, data: unknown, retryAfter: unknown): ApiProblem {
    const members = isRecord(data) ? data : {};
    return new ApiProblem({ ...members, status, retryAfterSeconds: toSeconds(retryAfter) });
  }
}

/** There was no answer, none in time, or one that our server can't have written. It says nothing about the session. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
}

/** Whether the value is an object with members, as in JSON. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

const isFieldError = (value: unknown): value is FieldError =>
  isRecord(value) &&
  [value['field'], value['code'], value['message']].every((part) => typeof part === 'string');

/** Retry-After is a number of seconds or a date (RFC 9110 §10.2.3). */
function toSeconds(header: unknown): number | null {
  if (typeof header !== 'string') return null;
  if (/^\d+$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}
