// @vitest-environment node

import { NetworkError } from 'tokenkeep';
import { describe, expect, test, vi } from 'vitest';
import { PASSWORD, user } from './support/answers';
import { nextTimer } from './support/fakeBrowser';
import {
  browser,
  DAY,
  loggedIn,
  loseAnswer,
  MINUTE,
  meanwhile,
  server,
  sleep,
  tab,
  until,
} from './support/world';

describe('a refresh', () => {
  test('happens once, however many requests wait for it', async () => {
    await loggedIn();
    sleep(DAY);
    const books = await Promise.all(Array.from({ length: 20 }, () => tab.fetchBooks()));
    expect(books).toHaveLength(20);
    expect(server.count('/refresh')).toBe(1);
    expect(server.count('/books')).toBe(20);
  });

  test('happens once after 20 answers of 401', async () => {
    const { id } = await loggedIn();
    server.rotate(id);
    server.rotate(id);
    await Promise.all(Array.from({ length: 20 }, () => tab.fetchMe()));
    expect(server.count('/refresh')).toBe(1);
    expect(server.count('/me')).toBe(40);
  });

  test('does not keep a request waiting while the token is alive', async () => {
    const { token } = await loggedIn();
    sleep(14.5 * MINUTE);
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    meanwhile('/refresh', () => released);
    await tab.fetchMe();
    expect(server.requests.find(({ path }) => path === '/me')?.token).toBe(token);
    release();
    await until(() => tab.auth.getSession()?.token !== token);
  });

  test('is not asked for while the token has long to live', async () => {
    await loggedIn();
    sleep(13 * MINUTE);
    await tab.fetchMe();
    expect(server.count('/refresh')).toBe(0);
  });

  test('comes by itself in a visible tab, shortly before the token expires', async () => {
    const { token, expiresAt } = await loggedIn();
    nextTimer(browser);
    expect(expiresAt - Date.now()).toBeGreaterThanOrEqual(30_000);
    expect(expiresAt - Date.now()).toBeLessThanOrEqual(MINUTE);
    await until(() => tab.auth.getSession()?.token !== token);
    nextTimer(browser);
    await until(() => server.count('/refresh') === 2);
  });

  test('comes by itself after a reload too', async () => {
    const { refreshAt } = await loggedIn();
    expect(browser.tab(server).timer?.dueMs).toBeGreaterThanOrEqual(refreshAt);
  });

  test('waits in a hidden tab until that is looked at', async () => {
    const { token } = await loggedIn();
    tab.turn('hidden');
    const keyAskedFor = vi.spyOn(browser.indexedDB, 'open');
    nextTimer(browser);
    expect(keyAskedFor).not.toHaveBeenCalled();
    expect(tab.timer).toBeNull();
    tab.turn('visible');
    await until(() => tab.auth.getSession()?.token !== token);
    expect(server.count('/refresh')).toBe(1);
  });

  test('that failed by itself is tried again by itself', async () => {
    const { token } = await loggedIn();
    server.trouble('/refresh', (response) => response.destroy());
    nextTimer(browser);
    await until(() => tab.timer !== null);
    expect(tab.auth.getSession()?.token).toBe(token);
    expect(tab.timer?.dueMs).toBeGreaterThanOrEqual(Date.now() + 15_000);
    expect(tab.timer?.dueMs).toBeLessThanOrEqual(Date.now() + 30_000);
    nextTimer(browser);
    await until(() => tab.auth.getSession()?.token !== token);
  });

  test('is sent once by five windows whose tokens expire together', async () => {
    await loggedIn();
    for (let i = 0; i < 4; i++) browser.tab(server);
    expect(new Set(browser.tabs.map(({ timer }) => timer?.dueMs)).size).toBe(5);
    for (let generation = 2; generation < 7; generation++) {
      const { token } = tab.auth.getSession() ?? expect.fail();
      nextTimer(browser);
      await until(() => tab.auth.getSession()?.token !== token);
      expect(server.count('/refresh')).toBe(generation - 1);
      expect(server.sessions.get('s0')?.generation).toBe(generation);
    }
  });

  test('is looked after every hour, also when a wrong clock puts it far away', async () => {
    const session = await loggedIn();
    browser.items.set('ta.session', JSON.stringify({ ...session, expiresAt: 1e15, refreshAt: 1e15 }));
    tab.turn('visible');
    expect(tab.timer?.dueMs).toBe(Date.now() + 60 * MINUTE); // more than 2^31 ms would go off at once, for ever
    nextTimer(browser);
    expect(tab.timer?.dueMs).toBe(Date.now() + 60 * MINUTE);
    expect(server.count('/refresh')).toBe(0);
  });

  test('whose answer was lost is repeated, and the session goes on', async () => {
    const { id } = await loggedIn({ bound: false });
    server.rotate(id); // the answer to this one never came
    sleep(31_000);
    await tab.fetchMe();
    expect(server.count('/refresh')).toBe(1);
    expect(server.sessions.get(id)).toMatchObject({ generation: 2, ended: null });
  });

  test('whose answer was lost is repeated by a bound session long afterwards', async () => {
    const { id } = await loggedIn();
    sleep(DAY);
    loseAnswer('/refresh');
    await expect(tab.fetchMe()).rejects.toThrow(NetworkError);
    sleep(10 * MINUTE);
    await tab.fetchMe();
    expect(server.sessions.get(id)).toMatchObject({ generation: 2, ended: null });
  });
});

describe('a refreshed token is dropped', () => {
  test('if another tab logged out meanwhile', async () => {
    await loggedIn();
    const other = browser.tab(server);
    sleep(DAY);
    meanwhile('/refresh', () => other.auth.logout());
    await expect(tab.fetchMe()).rejects.toMatchObject({ code: 'missing_token' });
    expect(browser.items.has('ta.session')).toBe(false);
  });

  test('if somebody else logged in meanwhile', async () => {
    await loggedIn();
    const other = browser.tab(server);
    sleep(DAY);
    meanwhile('/refresh', () => other.auth.login('bob', PASSWORD));
    expect(await tab.fetchMe()).toEqual(user('bob'));
    expect(tab.auth.getSession()?.user.username).toBe('bob');
  });

  test('if this tab logged out meanwhile', async () => {
    await loggedIn();
    sleep(DAY);
    meanwhile('/refresh', () => tab.auth.logout());
    await expect(tab.fetchMe()).rejects.toMatchObject({ code: 'missing_token' });
    expect(browser.items.has('ta.session')).toBe(false);
  });
});
