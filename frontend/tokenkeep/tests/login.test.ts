// @vitest-environment node

import { NetworkError } from 'tokenkeep';
import { describe, expect, test, vi } from 'vitest';
import { PASSWORD, send, user } from './support/answers';
import { keyNames } from './support/fakeBrowser';
import { browser, DAY, loggedIn, server, sleep, tab, until } from './support/world';

describe('a log-in', () => {
  test.each<unknown>([
    'Welcome to our hotel',
    { token: 'ta1_a', expires_in: 900, session: { id: 's0', bound: false } },
    { token: 'ta1_a', expires_in: 900, user: user('ann') },
    { token: 'ta1_a', expires_in: '900', session: { id: 's0', bound: false }, user: user('ann') },
  ])('fails if the answer is not from our server: %j', async (body) => {
    server.trouble('/login', (response) => send(response, { status: 200, body }));
    await expect(tab.auth.login('ann', PASSWORD)).rejects.toThrow(NetworkError);
    expect(browser.items.size).toBe(0);
    expect(await keyNames(browser)).toEqual([]);
  });
});

describe('keys', () => {
  test('can’t be read out', async () => {
    const generate = vi.spyOn(crypto.subtle, 'generateKey');
    await loggedIn();
    const pair: CryptoKeyPair = await generate.mock.results[0]?.value;
    await expect(crypto.subtle.exportKey('jwk', pair.privateKey)).rejects.toThrow();
  });

  test('are read over connections that are closed again, so that site data can be cleared', async () => {
    await loggedIn();
    await tab.auth.logout();
    const deleting = browser.indexedDB.deleteDatabase('ta.keys');
    const outcome = new Promise((resolve) => {
      deleting.onsuccess = () => resolve('deleted');
      deleting.onblocked = () => resolve('blocked');
    });
    expect(await outcome).toBe('deleted');
  });

  test('of log-ins that failed are deleted', async () => {
    await expect(tab.auth.login('ann', 'wrong')).rejects.toMatchObject({ code: 'invalid_credentials' });
    expect(await keyNames(browser)).toEqual([]);
  });

  test('of log-ins that were interrupted are deleted a day later, and the one in use is not', async () => {
    server.trouble('/login', () => undefined);
    tab.auth.login('ann', PASSWORD).catch(() => undefined);
    await until(() => server.count('/login') === 1);
    await loggedIn();
    expect(await keyNames(browser)).toHaveLength(2);
    sleep(DAY + 1);
    await expect(tab.auth.login('ann', 'wrong')).rejects.toThrow();
    expect(await keyNames(browser)).toEqual([tab.auth.getSession()?.keyName]);
  });
});
