// @vitest-environment node

import { ApiProblem } from 'tokenkeep';
import { describe, expect, test, vi } from 'vitest';
import { PASSWORD, send } from './support/answers';
import { keyNames } from './support/fakeBrowser';
import { browser, DAY, loggedIn, server, sleep, tab, until } from './support/world';

describe('the end of a session', () => {
  test.each(['revoked', 'password_changed', 'account_disabled', 'logged_out', 'expired', 'reused'])(
    'has the reason that the server gives: %s',
    async (reason) => {
      await loggedIn();
      server.endSessions(reason);
      await expect(tab.fetchMe()).rejects.toMatchObject({ code: 'session_ended', reason });
      expect(tab.auth.getSession()).toBeNull();
      expect(tab.auth.takeEndReason()).toBe(reason);
      expect(tab.auth.takeEndReason()).toBeNull();
      expect(await keyNames(browser)).toEqual([]);
    },
  );

  test.each([
    ['token_reused', 'reused'],
    ['invalid_token', 'unknown'],
    ['missing_token', 'unknown'],
    ['session_ended', 'unknown'],
  ])('follows when a refresh is answered %s', async (code, reason) => {
    await loggedIn();
    server.problem('/me', 401, 'invalid_token');
    server.problem('/refresh', 401, code);
    await expect(tab.fetchMe()).rejects.toMatchObject({ code });
    expect(tab.auth.getSession()).toBeNull();
    expect(tab.auth.takeEndReason()).toBe(reason);
  });

  test('has the reason expired for a bearer session whose token ran out', async () => {
    await loggedIn({ bound: false });
    sleep(DAY);
    await expect(tab.fetchMe()).rejects.toMatchObject({ code: 'invalid_token' });
    expect(server.count('/refresh')).toBe(1);
    expect(tab.auth.takeEndReason()).toBe('expired');
  });

  test('is seen by the other tabs at once, and they know the reason', async () => {
    await loggedIn();
    const other = browser.tab(server);
    const heard = vi.fn();
    other.auth.subscribe(heard);
    server.endSessions('revoked');
    await expect(tab.fetchMe()).rejects.toThrow(ApiProblem);
    expect(other.auth.getSession()).toBeNull();
    expect(heard).toHaveBeenCalledOnce();
    expect(tab.auth.takeEndReason()).toBe('revoked');
    await Promise.resolve();
    expect(other.auth.takeEndReason()).toBe('revoked');
  });

  test('is told to a tab that is opened later', async () => {
    await loggedIn();
    server.endSessions('revoked');
    await expect(tab.fetchMe()).rejects.toThrow(ApiProblem);
    expect(browser.tab(server).auth.takeEndReason()).toBe('revoked');
  });

  test('is forgotten in all tabs with the next log-in', async () => {
    await loggedIn();
    const other = browser.tab(server);
    server.endSessions('revoked');
    await expect(tab.fetchMe()).rejects.toThrow(ApiProblem);
    await loggedIn();
    expect([...browser.items.keys()]).toEqual(['ta.session']);
    expect(tab.auth.takeEndReason()).toBeNull();
    expect(other.auth.takeEndReason()).toBeNull();
  });
});

describe('a log-out', () => {
  test('ends the session here and there and deletes the key', async () => {
    await loggedIn();
    expect(await keyNames(browser)).toHaveLength(1);
    expect(await tab.auth.logout()).toBe(true);
    expect(server.sessions.get('s0')?.ended).toBe('logged_out');
    expect([...browser.items.keys()]).toEqual(['ta.ended']);
    expect(await keyNames(browser)).toEqual([]);
    expect(tab.auth.takeEndReason()).toBe('logged_out');
    expect(browser.items.size).toBe(0);
  });

  test('ends it here at once, and waits five seconds for a server that is away', async () => {
    await loggedIn();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    server.trouble('/logout', () => undefined);
    const told = tab.auth.logout();
    expect(tab.auth.getSession()).toBeNull();
    await until(() => server.count('/logout') === 1);
    vi.advanceTimersByTime(5000);
    expect(await told).toBe(false);
    expect(await keyNames(browser)).toEqual([]);
  });

  test('sends the token of a session that has expired too', async () => {
    const { token } = await loggedIn();
    sleep(DAY);
    await tab.auth.logout();
    expect(server.requests.at(-1)).toMatchObject({ path: '/logout', token });
    expect(server.count('/refresh')).toBe(0);
  });
});

describe('an account', () => {
  test('that was deleted leaves nothing here', async () => {
    const { token } = await loggedIn();
    server.trouble('/me', (response) => send(response, { status: 204 }));
    await tab.auth.deleteAccount(PASSWORD);
    const body = { current_password: PASSWORD };
    expect(server.requests.at(-1)).toMatchObject({ method: 'DELETE', path: '/me', token, body });
    expect(tab.auth.getSession()).toBeNull();
  });

  test('that was not deleted leaves the session as it is', async () => {
    await loggedIn();
    server.problem('/me', 403, 'wrong_password');
    await expect(tab.auth.deleteAccount(PASSWORD)).rejects.toMatchObject({ status: 403 });
    expect(tab.auth.getSession()).not.toBeNull();
  });
});
