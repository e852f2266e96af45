/** The session as this browser keeps it: in local storage, where all tabs see it. */

import { isRecord, NetworkError } from './problems.js';
import { type EndReason, endReason, type TokenAnswer, type User } from './types.js';

const SESSION = 'ta.session';
const ENDED = 'ta.ended';
const MAX_MARGIN_MS = 60_000; // room for a slow network and a second try; or a quarter of a short life

export interface StoredSession {
  readonly id: string;
  readonly user: User;
  readonly token: string;
  /** By the local clock, in milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly refreshAt: number;
  /** Whether only this browser can renew the token, with the key of this name. */
  readonly bound: boolean;
  readonly keyName: string | null;
}

/** The session of a log-in's answer; its request left at `sentAt`. */
export function sessionFrom(answer: unknown, sentAt: number, keyName: string | null): StoredSession {
  const { id, bound } = isRecord(answer) && isRecord(answer['session']) ? answer['session'] : {};
  const user = isRecord(answer) ? answer['user'] : undefined;
  const session = { id, bound, user, keyName: bound ? keyName : null, ...tokenFrom(answer, sentAt) };
  if (!isSession(session)) throw notOurs();
  return session;
}

/** Counted from when the request left, so that the token ends here no later than there. */
export function tokenFrom(answer: unknown, sentAt: number) {
  if (!isTokenAnswer(answer)) throw notOurs();
  const lifeMs = answer.expires_in * 1000;
  const expiresAt = sentAt + lifeMs;
  return { token: answer.token, expiresAt, refreshAt: expiresAt - Math.min(MAX_MARGIN_MS, lifeMs / 4) };
}

// A captive portal answers 200 with its own page; to store that would log out.
const notOurs = () => new NetworkError('The answer is not from our server');

export interface StorageEvents {
  readonly localStorage: Storage;
  addEventListener(type: 'storage', listener: (event: StorageEvent) => void): void;
}

export class SessionStore {
  readonly #page: StorageEvents;
  readonly #listeners = new Set<() => void>();
  /** Takes what local storage refuses (blocked, full); lives as long as the tab. */
  readonly #memory = new Map<string, string>();
  #endReason: EndReason | null = null;
  #text: string | null = null;
  #session: StoredSession | null = null;
  #announced: string | null;

  constructor(page: StorageEvents) {
    this.#page = page;
    this.#announced = this.#get(SESSION);
    page.addEventListener('storage', (event) => this.#seeOtherTab(event));
  }

  /** Always what is stored now, and the same object as long as that is the same. */
  read(): StoredSession | null {
    const text = this.#get(SESSION);
    if (text !== this.#text) {
      this.#text = text;
      this.#session = parse(text);
    }
    return this.#session;
  }

  write(session: StoredSession): void {
    this.#endReason = null;
    this.#remove(ENDED);
    this.#set(SESSION, JSON.stringify(session));
    this.announce();
  }

  end(reason: EndReason): void {
    this.#endReason = reason;
    this.#set(ENDED, reason); // first, so that the other tabs know the reason when they see the end
    this.#remove(SESSION);
    this.announce();
  }

  /** Why the last session ended; told once per tab, and once to a tab that comes later. */
  takeEndReason(): EndReason | null {
    const stored = this.#get(ENDED);
    const reason = this.#endReason ?? (stored === null ? null : endReason(stored));
    this.#endReason = null;
    this.#remove(ENDED);
    return reason;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells the listeners if something changed that they don't know: a frozen tab gets no storage events. */
  announce(): void {
    const text = this.#get(SESSION);
    if (text === this.#announced) return;
    this.#announced = text;
    for (const listener of [...this.#listeners]) listener();
  }

  #seeOtherTab({ key, newValue }: StorageEvent): void {
    if (key === ENDED && newValue !== null) this.#endReason = endReason(newValue);
    if (key !== SESSION && key !== null) return; // null: everything was cleared
    this.#memory.clear();
    if (this.read() !== null) this.#endReason = null;
    this.announce();
  }

  #get(name: string): string | null {
    try {
      return this.#memory.get(name) ?? this.#page.localStorage.getItem(name);
    } catch {
      return this.#memory.get(name) ?? null;
    }
  }

  #set(name: string, value: string): void {
    try {
      this.#page.localStorage.setItem(name, value);
      this.#memory.delete(name);
    } catch {
      this.#remove(name); // or a full storage would keep the old token for the other tabs
      this.#memory.set(name, value);
    }
  }

  #remove(name: string): void {
    this.#memory.delete(name);
    try {
      this.#page.localStorage.removeItem(name);
    } catch {
      // Nothing can have been stored there.
    }
  }
}

/** Null for everything that isn't a session: edited by hand, of another app on this origin, of an older version. */
function parse(text: string | null): StoredSession | null {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return isSession(value) ? value : null;
  } catch {
    return null;
  }
}

const isSession = (value: unknown): value is StoredSession =>
  isRecord(value) &&
  typeof value['id'] === 'string' &&
  isUser(value['user']) &&
  isToken(value['token']) &&
  Number.isFinite(value['expiresAt']) &&
  Number.isFinite(value['refreshAt']) &&
  typeof value['bound'] === 'boolean' &&
  (typeof value['keyName'] === 'string' || value['keyName'] === null);

const isUser = (value: unknown): value is User =>
  isRecord(value) && typeof value['id'] === 'string' && typeof value['username'] === 'string';

const isTokenAnswer = (value: unknown): value is TokenAnswer =>
  isRecord(value) && isToken(value['token']) && Number.isFinite(value['expires_in']);

/** Base64url behind our prefix: nothing that could break out of a header. */
const isToken = (value: unknown): value is string => typeof value === 'string' && /^ta1_[\w-]+$/.test(value);
