// @vitest-environment node

import { describe, expect, test, vi } from 'vitest';
import { PASSWORD, send, user } from './support/answers';
import { browser, DAY, loggedIn, MINUTE, server, sleep, tab } from './support/world';

describe('several tabs', () => {
  test('see a log-in and a log-out at once, but are not disturbed by a new token', async () => {
    const other = browser.tab(server);
    const heard = vi.fn();
    other.auth.subscribe(heard);
    await loggedIn();
    expect(heard).toHaveBeenCalledTimes(1);
    expect(other.auth.getSession()?.user.username).toBe('ann');
    sleep(DAY);
    await tab.fetchMe();
    expect(heard).toHaveBeenCalledTimes(1);
    expect(other.auth.getSession()).toEqual(tab.auth.getSession());
    await tab.auth.logout();
    expect(heard).toHaveBeenCalledTimes(2);
    expect(other.auth.getSession()).toBeNull();
  });

  test('that were frozen see it when they are looked at', async () => {
    const other = browser.tab(server);
    const heard = vi.fn();
    other.auth.subscribe(heard);
    other.frozen = true;
    await loggedIn();
    expect(heard).not.toHaveBeenCalled();
    other.turn('visible');
    expect(heard).toHaveBeenCalledOnce();
  });

  test('that nobody is logged in at ask for nothing when they are looked at', async () => {
    tab.turn('visible');
    expect(tab.timer).toBeNull();
    expect(server.requests).toEqual([]);
  });

  test('use the newer token of another tab instead of asking for one', async () => {
    await loggedIn();
    const other = browser.tab(server);
    sleep(31_000);
    server.trouble('/me', async (response) => {
      server.problem('/books', 401, 'invalid_token');
      await other.fetchBooks(); // renews
      send(response, { status: 401, body: { status: 401, code: 'invalid_token' } });
    });
    await tab.fetchMe();
    expect(server.count('/refresh')).toBe(1);
    expect(server.count('/me')).toBe(2);
  });

  test.each(['token_reused', 'session_ended', 'invalid_token', 'invalid_dpop_proof'])(
    'go on with the newer token of another tab if their own refresh is answered %s',
    async (code) => {
      await loggedIn({ bound: false });
      const other = browser.tab(server);
      sleep(14.5 * MINUTE);
      server.problem('/me', 401, 'invalid_token');
      server.trouble('/refresh', async (response) => {
        await other.auth.login('ann', PASSWORD);
        send(response, { status: 401, body: { status: 401, code } });
      });
      expect(await tab.fetchMe()).toEqual(user('ann'));
      expect(tab.auth.takeEndReason()).toBeNull();
    },
  );

  test('do not repeat a request as somebody who logged in meanwhile', async () => {
    await loggedIn();
    const other = browser.tab(server);
    server.trouble('/sessions', async (response) => {
      await other.auth.login('bob', PASSWORD);
      send(response, { status: 401, body: { status: 401, code: 'invalid_token' } });
    });
    await expect(tab.auth.request({ method: 'DELETE', path: '/sessions' })).rejects.toMatchObject({
      status: 401,
    });
    expect(server.count('/sessions')).toBe(1);
    expect(tab.auth.getSession()?.user.username).toBe('bob');
  });

  test('that log in at once leave each other’s key alone', async () => {
    const other = browser.tab(server);
    await Promise.all([tab.auth.login('ann', PASSWORD), other.auth.login('ann', PASSWORD)]);
    sleep(DAY);
    await tab.fetchMe();
    await other.fetchMe();
    expect(tab.auth.getSession()?.bound).toBe(true);
  });

  test('refresh with the key that one of them made', async () => {
    await loggedIn();
    const other = browser.tab(server);
    sleep(DAY);
    await Promise.all([tab.fetchMe(), other.fetchMe()]);
    expect(server.sessions.get('s0')).toMatchObject({ generation: 2, ended: null });
    expect(other.auth.getSession()?.bound).toBe(true);
  });
});
