/** The keys that bound sessions are bound to. They sign in this browser, and no script can read them out. */

import { randomName } from './encoding.js';
import type { Page } from './page.js';
import { NetworkError } from './problems.js';

const DATABASE = 'ta.keys';
const KEYS = 'keys';
const TIMEOUT_MS = 3_000; // IndexedDB answers in milliseconds, or never
const LEFTOVER_MS = 24 * 3_600_000; // no log-in takes a day

interface Row {
  pair: CryptoKeyPair;
  /** In milliseconds since the epoch. */
  madeAt: number;
}

/** A key and the name that it is stored under. */
export interface NamedKey {
  name: string;
  pair: CryptoKeyPair;
}

/** Keeps the keys in IndexedDB: one for each log-in, under a random name. */
export class KeyStore {
  readonly #page: Pick<Page, 'indexedDB'>;

  constructor(page: Pick<Page, 'indexedDB'>) {
    this.#page = page;
  }

  /** Makes a key and stores it; null where the browser can't (no WebCrypto, no IndexedDB). */
  async make(): Promise<NamedKey | null> {
    try {
      // Not extractable: no script and no copy of what scripts can read takes the key along.
      // (Who copies the browser's own files does: decision 2.)
      const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
      const name = randomName();
      await this.#run('readwrite', (keys) => keys.put({ pair, madeAt: Date.now() } satisfies Row, name));
      // Read back: WebKit has stored keys and returned nothing. Better known now than at the first refresh.
      const stored = await this.load(name);
      return stored && { name, pair: stored };
    } catch {
      return null;
    }
  }

  /** Finds the key of this name; null if it isn't there.
   *
   * Throws NetworkError if IndexedDB can't say just now: that is no reason to log out. */
  async load(name: string): Promise<CryptoKeyPair | null> {
    const read = () => this.#run<Row | undefined>('readonly', (keys) => keys.get(name));
    // Once more, on a new connection: iOS loses them ("Connection to Indexed Database server lost").
    const row = await read()
      .catch(read)
      .catch((cause: unknown) => {
        throw new NetworkError('The key of this session can’t be read just now', { cause });
      });
    return row?.pair ?? null;
  }

  /** Deletes the key of this name. If that fails, a later `clean` does it. */
  async forget(name: string | null): Promise<void> {
    if (name !== null) await this.#run('readwrite', (keys) => keys.delete(name)).catch(() => undefined);
  }

  /** Deletes the keys that interrupted log-ins left, all but the one in use.
   *
   * Only those older than a day: another tab may be logging in right now. */
  async clean(nameInUse: string | null): Promise<void> {
    const olderThan = Date.now() - LEFTOVER_MS;
    const isLeftover = ({ key, value }: IDBCursorWithValue) =>
      key !== nameInUse && ((value as Row | null)?.madeAt ?? 0) < olderThan;
    await this.#run('readwrite', (keys) => deleteWhere(keys, isLeftover)).catch(() => undefined);
  }

  /** Does the work in one transaction, and gives its result once that is complete.
   *
   * On a connection of its own: one that is kept blocks upgrades, and dies in a sleeping tab. */
  async #run<T>(mode: IDBTransactionMode, work: (keys: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const database = await openDatabase(this.#page.indexedDB);
    try {
      const transaction = database.transaction(KEYS, mode);
      const request = work(transaction.objectStore(KEYS)); // throws DataCloneError where a key can't be stored
      return await settled((resolve, reject) => {
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  }
}

function openDatabase(indexedDB: IDBFactory): Promise<IDBDatabase> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(KEYS);
  return settled((resolve, reject) => {
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

function deleteWhere(keys: IDBObjectStore, isUnwanted: (cursor: IDBCursorWithValue) => boolean) {
  const rows = keys.openCursor();
  rows.onsuccess = () => {
    const cursor = rows.result;
    if (cursor === null) return;
    if (isUnwanted(cursor)) cursor.delete();
    cursor.continue();
  };
  return rows;
}

/** A promise that is rejected if nothing comes of it: WebKit has been seen never to answer (bug 226547). */
async function settled<T>(executor: ConstructorParameters<typeof Promise<T>>[0]): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, TIMEOUT_MS, new Error('IndexedDB does not answer'));
  });
  return Promise.race([new Promise(executor), tooLate]).finally(() => clearTimeout(timer));
}
