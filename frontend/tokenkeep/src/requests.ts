/** Requests as the person who is logged in. */

import type { Answer, Call, HttpClient } from './http.js';
import type { KeyStore } from './keys.js';
import { ApiProblem } from './problems.js';
import type { ProvingClient } from './proving.js';
import type { Refresher } from './refresh.js';
import type { StoredSession } from './session.js';
import type { SessionStore } from './sessionStore.js';

export interface SendOptions {
  /** Whether the request carries a proof by the session's key, if it is bound to one (RFC 9449). */
  proof?: boolean | undefined;
}

interface Parts {
  store: SessionStore;
  keys: KeyStore;
  http: HttpClient;
  proving: ProvingClient;
  refresher: Refresher;
}

/** Sends requests with the stored token, which it has renewed before it expires. */
export class SessionRequests {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Sends a request with a living token, and once more with the next one if that token is refused.
   *
   * Throws ApiProblem `missing_token` without a request if nobody is logged in. */
  async send(call: Call, options: SendOptions = {}): Promise<Answer> {
    const session = await this.#livingSession();
    try {
      return await this.#sendAs(session, call, options);
    } catch (error) {
      if (!(error instanceof ApiProblem && error.code === 'invalid_token')) throw error;
      const next = await this.#sessionAfter(session);
      // Somebody else may have logged in meanwhile: what one person asked for is never done as another.
      if (next === null || next.user.id !== session.user.id) throw error;
      return this.#sendAs(next, call, options);
    }
  }

  async #sendAs({ token, keyName }: StoredSession, call: Call, { proof }: SendOptions): Promise<Answer> {
    const { http, keys, proving } = this.#parts;
    if (!proof) return http.send(call, { token });
    return proving.send(call, token, keyName === null ? null : await keys.load(keyName));
  }

  async #livingSession(): Promise<StoredSession> {
    const { store, refresher } = this.#parts;
    const session = store.read();
    if (session !== null && Date.now() >= session.refreshAt) {
      const renewal = refresher.refresh();
      // Expired by our clock, which may be wrong: so the server is asked, also where it can only say no.
      if (Date.now() >= session.expiresAt) await renewal;
      else renewal.catch(() => undefined); // the token is good for this request
    }
    return store.read() ?? notLoggedIn();
  }

  /** What is stored in place of a session whose token was refused; another tab may have renewed it already. */
  async #sessionAfter({ token }: StoredSession): Promise<StoredSession | null> {
    const { store, refresher } = this.#parts;
    if (store.read()?.token === token) await refresher.refresh();
    return store.read();
  }
}

function notLoggedIn(): never {
  throw new ApiProblem({ status: 401, code: 'missing_token', title: 'You are not logged in' });
}
