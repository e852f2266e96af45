/** The one way to the server: axios in, answers and problems out. Knows no session. */

import axios, { type AxiosInstance } from 'axios';
import { ApiProblem, NetworkError } from './problems.js';

const TIMEOUT_MS = 15_000; // a password check on a busy server takes seconds; more than that nobody waits

export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Behind `/api`. */
  path: string;
  body?: object | undefined;
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
}

export interface Credentials {
  token?: string | undefined;
  /** A DPoP proof for exactly this request. */
  proof?: string | undefined;
}

export interface Answer {
  data: unknown;
  header(name: string): string | null;
}

export class Api {
  readonly #axios: AxiosInstance;
  #clockOffsetMs = 0;

  constructor(baseURL: string) {
    this.#axios = axios.create({
      baseURL,
      // The token never leaves our origin's /api: no absolute address overrides it, and no redirect is followed.
      allowAbsoluteUrls: false,
      fetchOptions: { redirect: 'error' },
      adapter: 'fetch',
      headers: { 'User-Agent': false }, // the browser's own, by which people know their sessions
      timeout: TIMEOUT_MS,
      validateStatus: () => true,
    });
  }

  /** The server's clock in milliseconds, as far as its answers have told. */
  serverNow(): number {
    return Date.now() + this.#clockOffsetMs;
  }

  /** Throws ApiProblem, NetworkError, or the signal's own reason when the caller gave up. */
  async send(
    { method, path, body, signal, timeoutMs }: Call,
    { token, proof }: Credentials = {},
  ): Promise<Answer> {
    const response = await this.#axios
      .request<unknown>({
        method,
        url: path,
        data: body,
        headers: { ...(token && { Authorization: `Bearer ${token}` }), ...(proof && { DPoP: proof }) },
        ...(signal && { signal }),
        ...(timeoutMs && { timeout: timeoutMs }),
      })
      .catch((error: unknown) => {
        if (signal?.aborted) throw signal.reason;
        throw new NetworkError('The server did not answer', { cause: error });
      });
    const header = (name: string) => {
      const value: unknown = response.headers[name];
      return typeof value === 'string' ? value : null;
    };
    this.#learnClock(header('date'));
    if (response.status < 200 || response.status > 299) {
      throw ApiProblem.from(response.status, response.data, header('retry-after'));
    }
    return { data: response.data, header };
  }

  // A proof is good for a minute, and many a device is wrong by more.
  #learnClock(date: string | null): void {
    const time = Date.parse(date ?? '');
    if (!Number.isNaN(time)) this.#clockOffsetMs = time - Date.now();
  }
}
