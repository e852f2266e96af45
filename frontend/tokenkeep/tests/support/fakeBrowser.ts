/** For tests: a browser whose tabs share local storage and IndexedDB, with timers that go off when a test says so. */

import { IDBFactory } from 'fake-indexeddb';
import { type Auth, createAuth, type Page, type User } from 'tokenkeep';
import { vi } from 'vitest';
import type { ApiServer } from './apiServer';

/** One profile: its tabs share local storage and IndexedDB. */
export class Browser {
  readonly items: Map<string, string>;
  indexedDB: IDBFactory = new IDBFactory();
  readonly tabs: Tab[] = [];

  /** With a copy of another profile's local storage, as a thief has it. */
  constructor(items: Iterable<[string, string]> = []) {
    this.items = new Map(items);
  }

  tab(server: ApiServer): Tab {
    const tab = new Tab(this, server);
    this.tabs.push(tab);
    return tab;
  }

  /** The other tabs hear of a change; the one that made it does not. */
  changed(by: Tab, key: string | null, newValue: string | null): void {
    for (const tab of this.tabs) if (tab !== by) queueMicrotask(() => tab.heard(key, newValue));
  }
}

/** Until the earliest of the tabs' timers, which goes off. */
export function nextTimer({ tabs }: Browser): void {
  const [first] = tabs.filter(({ timer }) => timer !== null).sort((a, b) => due(a) - due(b));
  if (!first?.timer) throw new Error('no tab has a timer');
  const { callback } = first.timer;
  vi.setSystemTime(Math.max(due(first), Date.now()));
  first.timer = null;
  callback();
}

const due = ({ timer }: Tab) => timer?.dueMs ?? Number.POSITIVE_INFINITY;

/** One tab: all that the package asks of `window`, and ways to disturb it. */
export class Tab implements Page {
  readonly browser: Browser;
  readonly auth: Auth;
  /** A frozen tab gets no events. */
  frozen = false;
  /** What local storage throws: whenever it is touched, or when it is written to. */
  storageError: Error | null = null;
  writeError: Error | null = null;
  readonly document;
  readonly #events = new EventTarget();

  constructor(browser: Browser, server: ApiServer) {
    this.browser = browser;
    this.document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    this.auth = createAuth(this, { baseURL: `${server.origin}/api` });
  }

  /** Two requests of an app: for the person who is logged in, and for data of its own. */
  readonly fetchMe = () => this.auth.request<User>({ method: 'GET', path: '/me' });
  readonly fetchBooks = (signal?: AbortSignal) =>
    this.auth.request<object[]>({ method: 'GET', path: '/books', signal });

  timer: { callback: () => void; dueMs: number } | null = null;

  setTimeout(callback: () => void, ms: number): number {
    this.timer = { callback, dueMs: Date.now() + ms };
    return 1;
  }

  clearTimeout(): void {
    this.timer = null;
  }

  get indexedDB(): IDBFactory {
    return this.browser.indexedDB;
  }

  addEventListener(type: 'storage', listener: (event: StorageEvent) => void): void {
    this.#events.addEventListener(type, listener as (event: Event) => void);
  }

  heard(key: string | null, newValue: string | null): void {
    if (!this.frozen) this.#events.dispatchEvent(Object.assign(new Event('storage'), { key, newValue }));
  }

  turn(visibilityState: 'visible' | 'hidden'): void {
    this.document.visibilityState = visibilityState;
    this.document.dispatchEvent(new Event('visibilitychange'));
  }

  get localStorage(): Storage {
    if (this.storageError) throw this.storageError;
    const { items } = this.browser;
    return {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => {
        if (this.writeError) throw this.writeError;
        items.set(key, value);
        this.browser.changed(this, key, value);
      },
      removeItem: (key: string) => {
        if (items.delete(key)) this.browser.changed(this, key, null);
      },
    } as Storage;
  }
}

/** The names of the keys that the browser holds. */
export async function keyNames({ indexedDB }: Browser): Promise<IDBValidKey[]> {
  const opening = indexedDB.open('ta.keys', 1);
  const database = await new Promise<IDBDatabase>((resolve) => {
    opening.onsuccess = () => resolve(opening.result);
  });
  const names = database.transaction('keys').objectStore('keys').getAllKeys();
  await new Promise((resolve) => {
    names.onsuccess = resolve;
  });
  database.close();
  return names.result;
}
