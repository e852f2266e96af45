/** The browser's half of a bound session: keys that sign and can't be read out, and their proofs (RFC 9449). */

import { NetworkError } from './problems.js';

const DATABASE = 'ta.keys';
const KEYS = 'keys';
const PATIENCE_MS = 3000;
const LEFTOVER_MS = 24 * 3600 * 1000; // no log-in takes a day

interface Row {
  pair: CryptoKeyPair;
  madeAt: number;
}

/** The keys in IndexedDB, one for each log-in, by names that mean nothing. */
export class KeyStore {
  readonly #page: { readonly indexedDB: IDBFactory };

  constructor(page: { readonly indexedDB: IDBFactory }) {
    this.#page = page;
  }

  /** A new key that has proved to survive a reload; null where there is no WebCrypto or IndexedDB. */
  async make(): Promise<{ name: string; pair: CryptoKeyPair } | null> {
    try {
      // Not extractable: no script and no copy of what scripts can read takes the key along.
      // (Who copies the browser's own files does: decision 2.)
      const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
      const name = random();
      await this.#run('readwrite', (keys) => keys.put({ pair, madeAt: Date.now() } satisfies Row, name));
      // Read back: WebKit has stored keys and returned nothing. Better known now than at the first refresh.
      const stored = await this.load(name);
      return stored && { name, pair: stored };
    } catch {
      return null;
    }
  }

  /** Null if it isn't there; NetworkError if that can't be said just now, which is no reason to log out. */
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

  async forget(name: string | null): Promise<void> {
    if (name !== null) await this.#run('readwrite', (keys) => keys.delete(name)).catch(() => undefined);
  }

  /** Deletes what interrupted log-ins left. Only the old: another tab may be logging in right now. */
  async clean(inUse: string | null): Promise<void> {
    const olderThan = Date.now() - LEFTOVER_MS;
    await this.#run('readwrite', (keys) => {
      const cursors = keys.openCursor();
      cursors.onsuccess = () => {
        const cursor = cursors.result;
        if (cursor === null) return;
        const row = cursor.value as Row | null;
        if (cursor.key !== inUse && (row?.madeAt ?? 0) < olderThan) cursor.delete();
        cursor.continue();
      };
      return cursors;
    }).catch(() => undefined);
  }

  /** One transaction on a connection of its own: a kept one blocks upgrades and dies in a sleeping tab. */
  async #run<T>(mode: IDBTransactionMode, work: (keys: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const opening = this.#page.indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(KEYS);
    const database = await settled<IDBDatabase>((resolve, reject) => {
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
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

/** A promise that is rejected if nothing comes of it: WebKit has been seen never to answer (bug 226547). */
async function settled<T>(executor: ConstructorParameters<typeof Promise<T>>[0]): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, PATIENCE_MS, new Error('IndexedDB does not answer'));
  });
  return Promise.race([new Promise(executor), patience]).finally(() => clearTimeout(timer));
}

export interface Claims {
  method: string;
  /** PUBLIC_URL and path: the address that the server goes by, not the one in the address bar. */
  url: string;
  /** By the server's clock, in milliseconds. */
  now: number;
  /** The token that is presented along with the proof. */
  token?: string | undefined;
}

/** A DPoP proof (RFC 9449 §4.2), good for one request. */
export async function prove({ publicKey, privateKey }: CryptoKeyPair, claims: Claims): Promise<string> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  const signed = [
    { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } },
    {
      jti: random(),
      htm: claims.method,
      htu: claims.url,
      iat: Math.floor(claims.now / 1000),
      ...(claims.token && { ath: base64url(await crypto.subtle.digest('SHA-256', bytes(claims.token))) }),
    },
  ]
    .map((part) => base64url(bytes(JSON.stringify(part))))
    .join('.');
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, bytes(signed));
  return `${signed}.${base64url(signature)}`;
}

/** 128 bits. */
const random = () => base64url(crypto.getRandomValues(new Uint8Array(16)));

const bytes = (text: string) => new TextEncoder().encode(text);

const base64url = (data: ArrayBuffer | Uint8Array) =>
  btoa(String.fromCharCode(...new Uint8Array(data)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
