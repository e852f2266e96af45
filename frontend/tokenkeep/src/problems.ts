/** What can go wrong with a request: the server said no (ApiProblem), or nothing that counts (NetworkError). */

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
  retryAfter?: number | null;
}

/** An answer that is an error: RFC 9457, or a proxy's own page (`code` is then `unreadable`). */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly FieldError[];
  /** Seconds until it may be tried again. */
  readonly retryAfter: number | null;
  /** Of `session_ended`: why. */
  readonly reason?: string;

  constructor(said: Said) {
    const title = text(said.title) ?? `The server answered ${said.status}`;
    super(text(said.detail) ?? title);
    this.status = said.status;
    this.code = text(said.code) ?? 'unreadable';
    this.title = title;
    this.detail = text(said.detail) ?? '';
    this.errors = Array.isArray(said.errors) ? said.errors.filter(isFieldError) : [];
    this.retryAfter = said.retryAfter ?? null;
    if (typeof said.reason === 'string') this.reason = said.reason;
  }

  /** From what came over the wire; `data` is anything. */
  static from(status: number, data: unknown, retryAfter: unknown): ApiProblem {
    return new ApiProblem({ ...(isRecord(data) ? data : {}), status, retryAfter: seconds(retryAfter) });
  }
}

/** No answer, a time-out, or an answer that nobody of us wrote: says nothing about the session. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

const isFieldError = (value: unknown): value is FieldError =>
  isRecord(value) &&
  [value['field'], value['code'], value['message']].every((part) => typeof part === 'string');

/** Retry-After is a number of seconds or a date (RFC 9110 §10.2.3). */
function seconds(header: unknown): number | null {
  if (typeof header !== 'string') return null;
  if (/^\d+$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}
