/** What the app can ask for. Everything else in this folder serves these functions. */

import { bookFrom, catalogueFrom } from './books.js';
import { type Answer, Api, type Call } from './http.js';
import { KeyStore } from './keys.js';
import { ApiProblem } from './problems.js';
import { ProvenApi } from './proving.js';
import { Refresher, type Wakeful } from './refresh.js';
import { SessionStore, type StorageEvents, type StoredSession, sessionFrom } from './sessionStore.js';
import type { Book, Catalogue, Email, Registration, SecurityEvent, SessionRow, User } from './types.js';

const LOGOUT_TIMEOUT_MS = 5_000;

/** What a tab offers: `window`. */
export interface Page extends StorageEvents, Wakeful {
  readonly indexedDB: IDBFactory;
}

export function createAuth(page: Page, baseURL = '/api') {
  const store = new SessionStore(page);
  const keys = new KeyStore(page);
  const api = new Api(baseURL);
  const proven = new ProvenApi(api);
  const refresher = new Refresher(page, { store, keys, api: proven });

  type Send = (call: Call, session: StoredSession) => Promise<Answer>;
  const plainly: Send = (call, { token }) => api.send(call, { token });
  const withProof: Send = async (call, { token, keyName }) =>
    proven.send(call, token, keyName === null ? null : await keys.load(keyName));

  /** As the person who is logged in: with a living token, and once more with the next one if it is refused. */
  async function send(call: Call, how: Send = plainly): Promise<Answer> {
    const used = await livingSession();
    try {
      return await how(call, used);
    } catch (error) {
      if (!(error instanceof ApiProblem && error.code === 'invalid_token')) throw error;
      if (store.read()?.token === used.token) await refresher.refresh();
      const next = store.read();
      // Somebody else may have logged in meanwhile: what one person asked for is never done as another.
      if (next === null || next.user.id !== used.user.id) throw error;
      return how(call, next);
    }
  }

  async function livingSession(): Promise<StoredSession> {
    const session = store.read();
    if (session !== null && Date.now() >= session.refreshAt) {
      const renewal = refresher.refresh();
      // Expired by our clock, which may be wrong: so the server is asked, also where it can only say no.
      if (Date.now() >= session.expiresAt) await renewal;
      else renewal.catch(() => undefined); // the token is good for this request
    }
    const living = store.read();
    if (living === null)
      throw new ApiProblem({ status: 401, code: 'missing_token', title: 'You are not logged in' });
    return living;
  }

  const request = async <T>(call: Call): Promise<T> => (await send(call)).data as T;
  const tell = async <T = void>(path: string, body: object) =>
    (await api.send({ method: 'POST', path, body })).data as T;

  /** Each log-in has a key of its own, so two tabs that log in at once don't take it from each other. */
  async function login(username: string, password: string): Promise<User> {
    const key = await keys.make();
    const keyName = key?.name ?? null;
    const call = { method: 'POST', path: '/login', body: { username, password } } as const;
    try {
      const sentAt = Date.now();
      const { data } = await proven.send(call, undefined, key?.pair ?? null);
      const session = sessionFrom(data, sentAt, keyName);
      store.write(session);
      return session.user;
    } finally {
      const inUse = store.read()?.keyName ?? null;
      if (keyName !== inUse) await keys.forget(keyName); // refused, or answered with a bearer session
      await keys.clean(inUse);
    }
  }

  /** Ends the session here in any case, and at once; false if the server could not be told.
   *
   * Then it lives on there until its token expires, but nobody has that token any more, nor the key. */
  async function logout(): Promise<boolean> {
    const session = store.read();
    if (session === null) return true;
    const call = { method: 'POST', path: '/logout', timeoutMs: LOGOUT_TIMEOUT_MS } as const;
    const told = plainly(call, session).then(
      () => true,
      () => false,
    );
    await refresher.end('logged_out');
    return told;
  }

  async function changePassword(current_password: string, new_password: string): Promise<void> {
    const before = store.read();
    const sentAt = Date.now();
    const call = {
      method: 'POST',
      path: '/password/change',
      body: { current_password, new_password },
    } as const;
    const { data } = await send(call, withProof);
    const session = sessionFrom(data, sentAt, before?.keyName ?? null);
    // The commit guard again: no log-in by itself for somebody who logged out meanwhile in another tab.
    if (store.read()?.id === before?.id) store.write(session);
  }

  async function deleteAccount(current_password: string): Promise<void> {
    await request({ method: 'DELETE', path: '/me', body: { current_password } });
    await refresher.end('deleted');
  }

  return {
    login,
    logout,
    changePassword,
    deleteAccount,
    request,
    /** The same object until it changes: fit for useSyncExternalStore. */
    getSession: () => store.read(),
    /** Calls when a session began or ended, in whichever tab, but not for a new token; returns how to stop. */
    subscribe: (listener: () => void) => {
      let known = store.read()?.id;
      return store.subscribe(() => {
        const id = store.read()?.id;
        const changed = id !== known;
        known = id;
        if (changed) listener();
      });
    },
    /** Why the last session ended; told once. */
    takeEndReason: () => store.takeEndReason(),

    fetchConfig: () => proven.config(),
    fetchBooks: async (signal?: AbortSignal): Promise<Catalogue> =>
      catalogueFrom(await send({ method: 'GET', path: '/books', signal })),
    fetchBook: async (id: number | string, signal?: AbortSignal): Promise<Book> =>
      bookFrom(await send({ method: 'GET', path: `/books/${encodeURIComponent(id)}`, signal })),

    fetchMe: (signal?: AbortSignal) => request<User>({ method: 'GET', path: '/me', signal }),
    fetchEmail: (signal?: AbortSignal) => request<Email>({ method: 'GET', path: '/me/email', signal }),
    changeEmail: (email: string, current_password: string) =>
      request<void>({ method: 'PATCH', path: '/me', body: { email, current_password } }),
    fetchEvents: (signal?: AbortSignal) =>
      request<SecurityEvent[]>({ method: 'GET', path: '/me/events', signal }),
    exportAccount: () => request<unknown>({ method: 'GET', path: '/me/export' }),
    resendVerification: () => request<void>({ method: 'POST', path: '/email/verify/resend' }),
    listSessions: (signal?: AbortSignal) =>
      request<SessionRow[]>({ method: 'GET', path: '/sessions', signal }),
    endSession: (id: string) =>
      request<void>({ method: 'DELETE', path: `/sessions/${encodeURIComponent(id)}` }),
    endOtherSessions: () => request<void>({ method: 'DELETE', path: '/sessions' }),

    /** Makes the account; to log in is the next step. */
    register: (registration: Registration) => tell<{ user: User }>('/register', registration),
    forgotPassword: (email: string) => tell('/password/forgot', { email }),
    resetPassword: (code: string, new_password: string) => tell('/password/reset', { code, new_password }),
    verifyEmail: (code: string) => tell('/email/verify', { code }),
  };
}
