// @vitest-environment node

import { describe, expect, test, vi } from 'vitest';
import { tokenFrom } from '../src/session';
import { PASSWORD, user } from './support/answers';
import { browser, server, tab } from './support/world';

const SESSION = {
  id: 's0',
  user: user('ann'),
  token: 'ta1_abc',
  expiresAt: 2,
  refreshAt: 1,
  bound: true,
  keyName: 'k',
};
const without = (member: keyof typeof SESSION) => {
  const { [member]: _, ...rest } = SESSION;
  return JSON.stringify(rest);
};
const with_ = (members: object) => JSON.stringify({ ...SESSION, ...members });

test('what was stored is there again after a reload', () => {
  browser.items.set('ta.session', JSON.stringify(SESSION));
  expect(browser.tab(server).auth.getSession()).toEqual(SESSION);
});

test('the session is the same object until it changes', () => {
  browser.items.set('ta.session', JSON.stringify(SESSION));
  expect(tab.auth.getSession()).toBe(tab.auth.getSession());
  browser.items.set('ta.session', with_({ id: 's1' }));
  expect(tab.auth.getSession()?.id).toBe('s1');
});

test.each([
  '',
  'null',
  '[]',
  '{',
  '"ta1_abc"',
  'ta1_abc',
  '[object Object]',
  ...(['id', 'user', 'token', 'expiresAt', 'refreshAt', 'bound', 'keyName'] as const).map(without),
  with_({ token: 'ta1_abc\r\nX-Evil: 1' }),
  with_({ token: 'eyJhbGciOiJub25lIn0' }),
  with_({ token: ['ta1_abc'] }),
  with_({ expiresAt: '2' }),
  with_({ expiresAt: null }),
  with_({ user: 'ann' }),
  with_({ user: { id: 'u' } }),
  with_({ bound: 'yes' }),
  with_({ keyName: 7 }),
])('what is no session of ours is treated as none: %s', async (text) => {
  browser.items.set('ta.session', text);
  const opened = browser.tab(server);
  expect(opened.auth.getSession()).toBeNull();
  await expect(opened.fetchMe()).rejects.toMatchObject({ code: 'missing_token' });
  expect(await opened.auth.logout()).toBe(true);
  expect(server.requests).toEqual([]);
});

test.each([
  [7200, 7140],
  [900, 840],
  [120, 90],
  [20, 15],
])('a token of %d s is refreshed after %d s', (lifeSeconds, refreshSeconds) => {
  const { expiresAt, refreshAt } = tokenFrom({ token: 'ta1_abc', expires_in: lifeSeconds }, 1_000_000);
  expect(expiresAt).toBe(1_000_000 + lifeSeconds * 1000);
  expect(refreshAt).toBe(1_000_000 + refreshSeconds * 1000);
});

test('an end reason that nobody knows is told as unknown', () => {
  browser.items.set('ta.ended', '<script>');
  expect(tab.auth.takeEndReason()).toBe('unknown');
});

test('clearing the site data logs out', () => {
  browser.items.set('ta.session', JSON.stringify(SESSION));
  const opened = browser.tab(server);
  const heard = vi.fn();
  opened.auth.subscribe(heard);
  browser.items.clear();
  opened.heard(null, null);
  expect(opened.auth.getSession()).toBeNull();
  expect(heard).toHaveBeenCalledOnce();
});

test('a listener that was stopped is not called', () => {
  const heard = vi.fn();
  tab.auth.subscribe(heard)();
  browser.items.set('ta.session', JSON.stringify(SESSION));
  tab.heard('ta.session', JSON.stringify(SESSION));
  expect(heard).not.toHaveBeenCalled();
});

describe('local storage that can’t be used', () => {
  test('makes a session that lives as long as the tab', async () => {
    tab.storageError = new DOMException('blocked', 'SecurityError');
    await tab.auth.login('ann', PASSWORD);
    expect(await tab.fetchMe()).toEqual(user('ann'));
    expect(browser.items.size).toBe(0);
    await tab.auth.logout();
    expect(tab.auth.getSession()).toBeNull();
    expect(tab.auth.takeEndReason()).toBe('logged_out');
  });

  test('because it is full keeps no older token', async () => {
    browser.items.set('ta.session', JSON.stringify(SESSION));
    tab.writeError = new DOMException('full', 'QuotaExceededError');
    await tab.auth.login('ann', PASSWORD);
    expect(browser.items.has('ta.session')).toBe(false);
    expect(tab.auth.getSession()?.token).not.toBe(SESSION.token);
  });

  test('because it was full does not hide a later log-in of another tab', async () => {
    tab.writeError = new DOMException('full', 'QuotaExceededError');
    await tab.auth.login('ann', PASSWORD);
    await browser.tab(server).auth.login('bob', PASSWORD);
    expect(tab.auth.getSession()?.user.username).toBe('bob');
  });
});
