/** Sends single requests to the server and reads its answers. Knows no session; the only module that knows axios. */

import axios, { type AxiosInstance } from 'axios';
import { ApiProblem, NetworkError } from './problems.js';

const TIMEOUT_MS = 15_000; // a password check on a busy server takes seconds; more than that nobody waits

/** What is asked of the server. */
export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Behind `/api`, with a slash in front: `/me`. */
  path: string;
  /** Sent as JSON. */
  body?: object | undefined;
  /** Gives the request up. */
  signal?: AbortSignal | undefined;
  /** How long to wait for the answer; 15 seconds if it isn't said. */
  timeoutMs?: number | undefined;
}

/** A good answer of the server: its status is 2xx. */
export interface Answer {
  /** The body, parsed if it is JSON: not checked for its shape. */
  data: unknown;
  /** The value of a header, by its name in lower case; null without it. */
  header(name: string): string | null;
}

/** What goes along with a request to say who asks. */
export interface Credentials {
  token?: string | undefined;
  /** A DPoP proof for exactly this request. */
  proof?: string | undefined;
}

export class HttpClient {
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

  /** The time by the server's clock, in milliseconds since the epoch, as far as its answers have told. */
  serverNowMs(): number {
    return Date.now() + this.#clockOffsetMs;
  }

  /** Sends one request and reads its answer.
   *
   * Throws ApiProblem for an answer that is an error, NetworkError if there is none, or the signal's own reason
   * when the caller gave up. */
  async send(call: Call, credentials: Credentials = {}): Promise<Answer> {
    const response = await this.#exchange(call, credentials);
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

  async #exchange({ method, path, body, signal, timeoutMs }: Call, { token, proof }: Credentials) {
    const headers = { ...(token && { Authorization: `Bearer ${token}` }), ...(proof && { DPoP: proof }) };
    const options = { ...(signal && { signal }), ...(timeoutMs && { timeout: timeoutMs }) };
    try {
      return await this.#axios.request<unknown>({ method, url: path, data: body, headers, ...options });
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      throw new NetworkError('The server did not answer', { cause });
    }
  }

  // A proof is good for a minute, and many a device's clock is wrong by more.
  #learnClock(date: string | null): void {
    const time = Date.parse(date ?? '');
    if (!Number.isNaN(time)) this.#clockOffsetMs = time - Date.now();
  }
}
