/** Keeps the stored token alive.
 *
 * The tabs of a browser take no lock on it (Web Locks dead-locked others): the server gives the same successor to
 * everybody who repeats a refresh, and each tab looks at what is stored before it stores. */

import { type EndReason, endReason } from './endReasons.js';
import type { KeyStore } from './keys.js';
import type { Page } from './page.js';
import { ApiProblem } from './problems.js';
import type { ProvingClient } from './proving.js';
import { type StoredSession, tokenFrom } from './session.js';
import type { SessionStore } from './sessionStore.js';

const TIMEOUT_MS = 10_000;
const RETRY_MS = 15_000; // the timer's next try after a failure
const MAX_PAUSE_MS = 60_000; // a longer Retry-After is more likely a mistake than a wish
const MAX_TIMER_MS = 3_600_000; // setTimeout fires at once beyond 2^31 ms: a clock that jumped would make it spin

type WakingPage = Pick<Page, 'document' | 'setTimeout' | 'clearTimeout'>;

/** Renews the token, when asked to or by a timer, and ends the session when the server says that it is over. */
export class Refresher {
  readonly #store: SessionStore;
  readonly #keys: KeyStore;
  readonly #client: ProvingClient;
  readonly #page: WakingPage;
  /** The refresh that is on its way. */
  #flight: Promise<void> | null = null;
  /** Until when the server wants no refresh of this token, and the error by which it said so. */
  #pause: { token: string; untilMs: number; error: unknown } | null = null;
  #timer: number | undefined;

  constructor(page: WakingPage, parts: { store: SessionStore; keys: KeyStore; client: ProvingClient }) {
    this.#page = page;
    this.#store = parts.store;
    this.#keys = parts.keys;
    this.#client = parts.client;
    page.document.addEventListener('visibilitychange', () => this.#wake());
    this.#store.subscribe(() => this.#schedule(0));
    this.#schedule(0);
  }

  /** Replaces the stored token by the next one, or ends the session if the server says that it is over.
   *
   * However many wait, one request is sent. When it resolves, the store has what counts. It rejects if the same
   * token is still stored (no network, 5xx, a pause that the server asked for) and if the session has ended. */
  refresh(): Promise<void> {
    this.#flight ??= this.#refresh().finally(() => {
      this.#flight = null;
    });
    return this.#flight;
  }

  async #refresh(): Promise<void> {
    const session = this.#store.read();
    if (session === null) return;
    if (this.#pause?.token === session.token && Date.now() < this.#pause.untilMs) throw this.#pause.error;
    try {
      const renewed = await this.#renew(session);
      if (this.#isStored(session)) this.#store.write(renewed);
    } catch (error) {
      if (!this.#isStored(session)) return;
      await this.#noteFailure(error, session);
      throw error;
    }
  }

  /** The commit guard: if another tab logged out, logged in or was faster, then what it stored stays. */
  #isStored({ token }: StoredSession): boolean {
    return this.#store.read()?.token === token;
  }

  async #noteFailure(error: unknown, session: StoredSession): Promise<void> {
    if (isFinal(error)) await this.end(reasonOf(error, session));
    else this.#pause = { token: session.token, untilMs: Date.now() + askedPauseMs(error), error };
  }

  async #renew(session: StoredSession): Promise<StoredSession> {
    const pair = session.keyName === null ? null : await this.#keys.load(session.keyName);
    const sentAtMs = Date.now();
    const call = { method: 'POST', path: '/refresh', timeoutMs: TIMEOUT_MS } as const;
    const { data } = await this.#client.send(call, session.token, pair);
    return { ...session, ...tokenFrom(data, sentAtMs) };
  }

  /** Ends the session in this browser: token and key are deleted, in all tabs. */
  async end(reason: EndReason): Promise<void> {
    const keyName = this.#store.read()?.keyName ?? null;
    this.#store.end(reason);
    await this.#keys.forget(keyName);
  }

  /** Sets the timer for the next refresh, at least `minimumMs` from now. */
  #schedule(minimumMs: number): void {
    this.#page.clearTimeout(this.#timer);
    const session = this.#store.read();
    if (session === null) return;
    // Not all windows at the same moment: the first one's token reaches the others before their turn.
    const jitterMs = (Math.random() * (session.expiresAt - session.refreshAt)) / 2;
    const waitMs = Math.max(minimumMs, session.refreshAt + jitterMs - Date.now());
    this.#timer = this.#page.setTimeout(() => this.#wake(), Math.min(waitMs, MAX_TIMER_MS));
  }

  /** Looks whether a refresh is due: the timer went off, or the tab is looked at again.
   *
   * The clock decides, since a timer is late after the machine slept. */
  #wake(): void {
    // A hidden tab renews its token when it is used: one request less for each.
    if (this.#page.document.visibilityState !== 'visible') return;
    this.#store.announce();
    const session = this.#store.read();
    if (session === null) return;
    if (Date.now() < session.refreshAt) this.#schedule(0);
    else this.refresh().catch(() => this.#schedule(RETRY_MS)); // nobody to tell: the next request meets it again
  }
}

/** For how long the server wants no other request; 0 if it did not say. */
const askedPauseMs = (error: unknown) =>
  Math.min(1000 * ((error instanceof ApiProblem && error.retryAfterSeconds) || 0), MAX_PAUSE_MS);

/** Only the server's own word ends a session: never a server that is away, nor a proxy's 401. */
const FINAL_CODES = ['invalid_token', 'session_ended', 'token_reused', 'invalid_dpop_proof', 'missing_token'];

const isFinal = (error: unknown): error is ApiProblem =>
  error instanceof ApiProblem && error.status === 401 && FINAL_CODES.includes(error.code);

function reasonOf(problem: ApiProblem, session: StoredSession): EndReason {
  if (problem.code === 'token_reused') return 'reused';
  // The server leaves such a session alone, or a thief could end it; but without its key it is of no use here.
  if (problem.code === 'invalid_dpop_proof') return 'key_lost';
  if (problem.code === 'invalid_token' && Date.now() >= session.expiresAt) return 'expired';
  return endReason(problem.reason);
}
