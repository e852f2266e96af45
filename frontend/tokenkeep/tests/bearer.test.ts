// @vitest-environment node

import { IDBObjectStore } from 'fake-indexeddb';
import { describe, expect, test, vi } from 'vitest';
import { PASSWORD } from './support/answers';
import { keyNames } from './support/fakeBrowser';
import { browser, loggedIn, MINUTE, server, sleep, tab, until } from './support/world';

describe('a bearer session', () => {
  const expectBearer = async () => {
    await tab.auth.login('ann', PASSWORD);
    expect(tab.auth.getSession()?.bound).toBe(false);
    sleep(14.5 * MINUTE);
    await tab.fetchMe();
    await until(() => server.sessions.get('s0')?.generation === 2);
    expect(server.requests.filter(({ path, headers }) => path === '/refresh' && headers['dpop'])).toEqual([]);
  };

  test('is what one gets from a server that ignores proofs; the key is deleted', async () => {
    server.binds = false;
    await expectBearer();
    expect(await keyNames(browser)).toEqual([]);
  });

  test('is what one gets without WebCrypto, as on plain HTTP', async () => {
    vi.stubGlobal('crypto', {});
    await expectBearer();
  });

  test('is what one gets without IndexedDB', async () => {
    browser.indexedDB = undefined as unknown as IDBFactory;
    await expectBearer();
  });

  test('is what one gets where IndexedDB is blocked', async () => {
    vi.spyOn(browser.indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('denied', 'SecurityError');
    });
    await expectBearer();
  });

  test('is what one gets where IndexedDB never answers', async () => {
    vi.spyOn(browser.indexedDB, 'open').mockReturnValue({} as IDBOpenDBRequest);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const loggingIn = tab.auth.login('ann', PASSWORD);
    while (tab.auth.getSession() === null) {
      vi.advanceTimersByTime(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    vi.advanceTimersByTime(10_000);
    await loggingIn;
    expect(tab.auth.getSession()?.bound).toBe(false);
  });

  test('is what one gets where a key can’t be stored', async () => {
    vi.spyOn(crypto.subtle, 'generateKey').mockResolvedValue((() => 'can’t be cloned') as never);
    await expectBearer();
  });

  test('is what one gets where a stored key is not found again', async () => {
    vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(function (this: IDBObjectStore) {
      return this.getKey('nobody');
    });
    await expectBearer();
  });

  test('can change the password, and is followed by another one', async () => {
    const { id } = await loggedIn({ bound: false });
    await tab.auth.changePassword(PASSWORD, 'another horse battery');
    expect(tab.auth.getSession()).toMatchObject({ bound: false, keyName: null });
    expect(tab.auth.getSession()?.id).not.toBe(id);
  });
});
