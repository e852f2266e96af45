/** What an app can ask for. Everything else in this folder serves these methods. */

import { ServerConfig } from './config.js';
import type { EndReason } from './endReasons.js';
import { type Answer, type Call, HttpClient } from './http.js';
import { KeyStore, type NamedKey } from './keys.js';
import type { Page } from './page.js';
import { ProvingClient } from './proving.js';
import { Refresher } from './refresh.js';
import { type SendOptions, SessionRequests } from './requests.js';
import { type StoredSession, sessionFrom } from './session.js';
import { SessionStore } from './sessionStore.js';
import type { Config, User } from './types.js';

const LOGOUT_TIMEOUT_MS = 5_000; // longer nobody waits to be told that they are logged out

export interface AuthOptions {
  /** Where the API is; `/api` of the page's own origin if it isn't said. */
  baseURL?: string;
}

/** Begins to look after the session of this browser: reads what is stored, listens to the other tabs, and renews
 * the token in time. An app does it once, with `window`. */
export function createAuth(page: Page, { baseURL = '/api' }: AuthOptions = {}): Auth {
  const store = new SessionStore(page);
  const keys = new KeyStore(page);
  const http = new HttpClient(baseURL);
  const config = new ServerConfig(http);
  const proving = new ProvingClient(http, config);
  const refresher = new Refresher(page, { store, keys, client: proving });
  const requests = new SessionRequests({ store, keys, http, proving, refresher });
  return new Auth({ store, keys, http, config, proving, refresher, requests });
}

interface Parts {
  store: SessionStore;
  keys: KeyStore;
  http: HttpClient;
  config: ServerConfig;
  proving: ProvingClient;
  refresher: Refresher;
  requests: SessionRequests;
}

/** The session of this browser: how it begins and ends, and requests with its token. */
export class Auth {
  readonly #parts: Parts;

  /** Made by `createAuth`. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Logs in with a user name or an e-mail address.
   *
   * Throws ApiProblem (`invalid_credentials`, `rate_limited` …) or NetworkError; then nothing has changed. */
  async login(username: string, password: string): Promise<User> {
    // Each log-in has a key of its own, so two tabs that log in at once don't take it from each other.
    const key = await this.#parts.keys.make();
    try {
      const session = await this.#openSession(username, password, key);
      this.#parts.store.write(session);
      return session.user;
    } finally {
      await this.#forgetUnused(key);
    }
  }

  async #openSession(username: string, password: string, key: NamedKey | null): Promise<StoredSession> {
    const call = { method: 'POST', path: '/login', body: { username, password } } as const;
    const sentAtMs = Date.now();
    const { data } = await this.#parts.proving.send(call, undefined, key?.pair ?? null);
    return sessionFrom(data, sentAtMs, key?.name ?? null);
  }

  /** The key of a log-in that was refused, or answered with a session that is not bound; and keys left from before. */
  async #forgetUnused(key: NamedKey | null): Promise<void> {
    const { store, keys } = this.#parts;
    const nameInUse = store.read()?.keyName ?? null;
    if (key !== null && key.name !== nameInUse) await keys.forget(key.name);
    await keys.clean(nameInUse);
  }

  /** Logs out: ends the session in this browser in any case, and at once. Resolves to false if the server could not
   * be told within 5 seconds.
   *
   * Then the session lives on there until its token expires, but nobody has that token any more, nor the key. */
  async logout(): Promise<boolean> {
    const { store, http, refresher } = this.#parts;
    const session = store.read();
    if (session === null) return true;
    const call = { method: 'POST', path: '/logout', timeoutMs: LOGOUT_TIMEOUT_MS } as const;
    const told = http.send(call, { token: session.token }).then(
      () => true,
      () => false,
    );
    await refresher.end('logged_out');
    return told;
  }

  /** Changes the password. The server ends every session of the person and begins a new one, which is stored here;
   * it is bound to the same key as the old one. */
  async changePassword(currentPassword: string, newPassword: string): Promise<void> {
    const { store } = this.#parts;
    const body = { current_password: currentPassword, new_password: newPassword };
    const before = store.read();
    const sentAtMs = Date.now();
    const { data } = await this.send({ method: 'POST', path: '/password/change', body }, { proof: true });
    const session = sessionFrom(data, sentAtMs, before?.keyName ?? null);
    // As after a refresh: no log-in by itself for somebody who logged out meanwhile in another tab.
    if (store.read()?.id === before?.id) store.write(session);
  }

  /** Deletes the account of the person who is logged in, for good, and ends the session here. */
  async deleteAccount(currentPassword: string): Promise<void> {
    await this.send({ method: 'DELETE', path: '/me', body: { current_password: currentPassword } });
    await this.#parts.refresher.end('deleted');
  }

  /** The session that is stored now, or null: the same object until it changes, so it is fit for React's
   * `useSyncExternalStore`. */
  readonly getSession = (): StoredSession | null => this.#parts.store.read();

  /** Calls the listener when a session began or ended, in whichever tab, but not for a new token of the same one.
   * Returns how to stop that. */
  readonly subscribe = (listener: () => void): (() => void) => {
    let knownId = this.getSession()?.id;
    return this.#parts.store.subscribe(() => {
      const id = this.getSession()?.id;
      const changed = id !== knownId;
      knownId = id;
      if (changed) listener();
    });
  };

  /** Why the last session ended, or null. Told once: to each tab that was open then, or to one that is opened later. */
  takeEndReason(): EndReason | null {
    return this.#parts.store.takeEndReason();
  }

  /** Sends a request as the person who is logged in, with a token that is renewed if need be.
   *
   * Throws ApiProblem for an answer that is an error (`missing_token` without a request if nobody is logged in),
   * NetworkError if there is none, or the reason of the call's own signal. */
  send(call: Call, options?: SendOptions): Promise<Answer> {
    return this.#parts.requests.send(call, options);
  }

  /** The same as `send`, for those who want the answer's body only. It is not checked: `T` is what you expect. */
  async request<T = void>(call: Call, options?: SendOptions): Promise<T> {
    return (await this.send(call, options)).data as T;
  }

  /** Sends a request that needs nobody to be logged in. The token is not sent along. */
  async requestAnonymously<T = void>(call: Call): Promise<T> {
    return (await this.#parts.http.send(call)).data as T;
  }

  /** What a page must know of the server before anybody is logged in; asked for once. */
  fetchConfig(): Promise<Config> {
    return this.#parts.config.read();
  }
}
