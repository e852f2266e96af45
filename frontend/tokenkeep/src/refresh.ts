/** Keeps the stored token alive. No lock among the tabs (Web Locks dead-locked others): the server gives the same
 * successor to everybody who repeats a refresh, and each tab checks what is stored before it stores. */

import type { KeyStore } from './keys.js';
import { ApiProblem } from './problems.js';
import type { ProvenApi } from './proving.js';
import { type SessionStore, type StoredSession, tokenFrom } from './sessionStore.js';
import { type EndReason, endReason } from './types.js';

const TIMEOUT_MS = 10_000;
const RETRY_MS = 15_000; // the timer's next try after a failure
const MAX_PAUSE_MS = 60_000; // a longer Retry-After is more likely a mistake than a wish
const MAX_TIMER_MS = 3_600_000; // setTimeout fires at once beyond 2^31 ms: a clock that jumped would make it spin

/** What a tab has to wake up by. */
export interface Wakeful {
  readonly document: {
    readonly visibilityState: string;
    addEventListener(type: 'visibilitychange', listener: () => void): void;
  };
  setTimeout(callback: () => void, ms: number): number;
  clearTimeout(timer: number | undefined): void;
}

export class Refresher {
  readonly #store: SessionStore;
  readonly #keys: KeyStore;
  readonly #api: ProvenApi;
  readonly #page: Wakeful;
  #flight: Promise<void> | null = null;
  #pause: { token: string; until: number; error: unknown } | null = null;
  #timer: number | undefined;

  constructor(page: Wakeful, parts: { store: SessionStore; keys: KeyStore; api: ProvenApi }) {
    this.#page = page;
    this.#store = parts.store;
    this.#keys = parts.keys;
    this.#api = parts.api;
    page.document.addEventListener('visibilitychange', () => this.#wake());
    this.#store.subscribe(() => this.#schedule(0));
    this.#schedule(0);
  }

  /** Replaces the stored token, or ends the session if the server says that it is over.
   *
   * One request however many wait. Rejects only if the same token is still stored (no network, 5xx, a pause that
   * the server asked for) or the session ended here; afterwards the store knows what counts. */
  refresh(): Promise<void> {
    this.#flight ??= this.#refresh().finally(() => {
      this.#flight = null;
    });
    return this.#flight;
  }

  async #refresh(): Promise<void> {
    const session = this.#store.read();
    if (session === null) return;
    if (this.#pause?.token === session.token && Date.now() < this.#pause.until) throw this.#pause.error;
    // The commit guard: another tab logged out, logged in or was faster, and what it stored stays.
    const isCurrent = () => this.#store.read()?.token === session.token;
    try {
      const renewed = await this.#renew(session);
      if (isCurrent()) this.#store.write(renewed);
    } catch (error) {
      if (!isCurrent()) return;
      if (isFinal(error)) await this.end(reasonOf(error, session));
      else this.#pause = { token: session.token, until: Date.now() + askedPause(error), error };
      throw error;
    }
  }

  async #renew(session: StoredSession): Promise<StoredSession> {
    const pair = session.keyName === null ? null : await this.#keys.load(session.keyName);
    const sentAt = Date.now();
    const call = { method: 'POST', path: '/refresh', timeoutMs: TIMEOUT_MS } as const;
    const { data } = await this.#api.send(call, session.token, pair);
    return { ...session, ...tokenFrom(data, sentAt) };
  }

  /** Token and key go, in all tabs. */
  async end(reason: EndReason): Promise<void> {
    const keyName = this.#store.read()?.keyName ?? null;
    this.#store.end(reason);
    await this.#keys.forget(keyName);
  }

  /** Only a visible tab renews on its own; the others do when they are used, with one request less each. */
  #schedule(minimumMs: number): void {
    this.#page.clearTimeout(this.#timer);
    const session = this.#store.read();
    if (session === null) return;
    // Not all windows at the same moment: the first one's token reaches the others before their turn.
    const jitterMs = (Math.random() * (session.expiresAt - session.refreshAt)) / 2;
    const waitMs = Math.max(minimumMs, session.refreshAt + jitterMs - Date.now());
    this.#timer = this.#page.setTimeout(() => this.#wake(), Math.min(waitMs, MAX_TIMER_MS));
  }

  /** A timer says little after a sleep; the clock decides. */
  #wake(): void {
    if (this.#page.document.visibilityState !== 'visible') return;
    this.#store.announce();
    const session = this.#store.read();
    if (session === null) return;
    if (Date.now() < session.refreshAt) this.#schedule(0);
    else this.refresh().catch(() => this.#schedule(RETRY_MS)); // nobody to tell: the next request meets it again
  }
}

/** In milliseconds; none if the server did not ask for it. */
const askedPause = (error: unknown) =>
  Math.min(1000 * ((error instanceof ApiProblem && error.retryAfter) || 0), MAX_PAUSE_MS);

/** Only the server's own word ends a session: never a server that is away, nor a proxy's 401. */
const FINAL = ['invalid_token', 'session_ended', 'token_reused', 'invalid_dpop_proof', 'missing_token'];

const isFinal = (error: unknown): error is ApiProblem =>
  error instanceof ApiProblem && error.status === 401 && FINAL.includes(error.code);

function reasonOf(problem: ApiProblem, session: StoredSession): EndReason {
  if (problem.code === 'token_reused') return 'reused';
  // The server leaves such a session alone, or a thief could end it; but without its key it is of no use here.
  if (problem.code === 'invalid_dpop_proof') return 'key_lost';
  if (problem.code === 'invalid_token' && Date.now() >= session.expiresAt) return 'expired';
  return endReason(problem.reason);
}
