/** Where the session is kept: in local storage, where all tabs of this browser see it. */

import { type EndReason, endReason } from './endReasons.js';
import type { Page } from './page.js';
import { parseSession, type StoredSession } from './session.js';

const SESSION = 'ta.session';
const ENDED = 'ta.ended';

type StoragePage = Pick<Page, 'localStorage' | 'addEventListener'>;

/** The stored session, and why the last one ended; tells listeners of changes, also of those by other tabs. */
export class SessionStore {
  readonly #page: StoragePage;
  readonly #listeners = new Set<() => void>();
  /** Holds what local storage refuses to (blocked, full); lives as long as the tab. */
  readonly #memory = new Map<string, string>();
  #endReason: EndReason | null = null;
  #text: string | null = null;
  #session: StoredSession | null = null;
  #announced: string | null;

  constructor(page: StoragePage) {
    this.#page = page;
    this.#announced = this.#get(SESSION);
    page.addEventListener('storage', (event) => this.#seeOtherTab(event));
  }

  /** The session that is stored now, or null; the same object as long as nothing else is stored. */
  read(): StoredSession | null {
    const text = this.#get(SESSION);
    if (text !== this.#text) {
      this.#text = text;
      this.#session = parseSession(text);
    }
    return this.#session;
  }

  /** Stores a session, or its next token. */
  write(session: StoredSession): void {
    this.#endReason = null;
    this.#remove(ENDED);
    this.#set(SESSION, JSON.stringify(session));
    this.announce();
  }

  /** Removes the session, in all tabs, and notes the reason. */
  end(reason: EndReason): void {
    this.#endReason = reason;
    this.#set(ENDED, reason); // first, so that the other tabs know the reason when they see the end
    this.#remove(SESSION);
    this.announce();
  }

  /** Why the last session ended, or null. Told once: to each tab that was open then, or to one that is opened later. */
  takeEndReason(): EndReason | null {
    const stored = this.#get(ENDED);
    const reason = this.#endReason ?? (stored === null ? null : endReason(stored));
    this.#endReason = null;
    this.#remove(ENDED);
    return reason;
  }

  /** Calls the listener after each change, here or in another tab; returns how to stop that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls the listeners if what is stored has changed since they were called last.
   *
   * Also for a tab that was frozen: it got no events of the changes meanwhile. */
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
