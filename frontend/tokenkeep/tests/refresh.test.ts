// @vitest-environment node

import { IDBObjectStore } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiProblem, NetworkError } from '../src/problems.js';
import {
  Browser,
  keyNames,
  nextTimer,
  PASSWORD,
  PUBLIC_URL,
  Server,
  send,
  type Tab,
  until,
  user,
} from './support/apiServer.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let server: Server;
let browser: Browser;
let tab: Tab;

beforeEach(async () => {
  vi.setSystemTime(Date.UTC(2026, 0, 1));
  server = await new Server().start();
  browser = new Browser();
  tab = browser.tab(server);
});

afterEach(async () => {
  vi.useRealTimers();
  await server.stop();
});

/** Time goes by and no timer notices: the machine slept. */
const sleep = (ms: number) => vi.setSystemTime(Date.now() + ms);

async function loggedIn({ bound = true } = {}) {
  server.binds = bound;
  await tab.auth.login('ann', PASSWORD);
  return tab.auth.getSession() ?? expect.fail('not logged in');
}

/** Somebody else's steps between a request and its answer. */
const meanwhile = (path: string, step: () => unknown) =>
  server.trouble(path, async (response, answer) => {
    const answered = await answer();
    await step();
    send(response, answered);
  });

const lost = (path: string) =>
  server.trouble(path, async (response, answer) => {
    await answer();
    response.destroy();
  });

describe('the token', () => {
  test('goes in the Authorization header, and the browser names itself', async () => {
    const { token } = await loggedIn();
    await tab.auth.fetchMe();
    const { headers, path } = server.requests.at(-1) ?? expect.fail();
    expect(path).toBe('/me');
    expect(headers.authorization).toBe(`Bearer ${token}`);
    expect(headers['dpop']).toBeUndefined();
    expect(headers['user-agent']).not.toContain('axios');
  });

  test.each(['https://evil.example/', '//evil.example/', '/\\evil.example'])(
    'does not go to %s',
    async (path) => {
      await loggedIn();
      await expect(tab.auth.request({ method: 'GET', path })).rejects.toThrow('not_found');
      expect(server.requests.at(-1)?.path).toContain('evil.example');
    },
  );

  test('follows no redirect', async () => {
    const thief = await new Server().start();
    await loggedIn();
    server.trouble('/me', (response) =>
      response.writeHead(302, { Location: `${thief.origin}/api/me` }).end(),
    );
    await expect(tab.auth.fetchMe()).rejects.toThrow(NetworkError);
    expect(thief.requests).toEqual([]);
    await thief.stop();
  });

  test('is not sent where none is needed', async () => {
    await loggedIn();
    server.trouble('/password/forgot', (response) => send(response, { status: 202 }));
    await tab.auth.forgotPassword('ann@books.example');
    expect(server.requests.at(-1)?.headers.authorization).toBeUndefined();
  });

  test('is asked for before the server is', async () => {
    const problem = await tab.auth.fetchMe().catch((error: unknown) => error);
    expect(problem).toMatchObject({ status: 401, code: 'missing_token' });
    expect(server.requests).toEqual([]);
  });
});

describe('a refresh', () => {
  test('happens once, however many requests wait for it', async () => {
    await loggedIn();
    sleep(DAY);
    const books = await Promise.all(Array.from({ length: 20 }, () => tab.auth.fetchBooks()));
    expect(books).toHaveLength(20);
    expect(server.count('/refresh')).toBe(1);
    expect(server.count('/books')).toBe(20);
  });

  test('happens once after 20 answers of 401', async () => {
    const { id } = await loggedIn();
    server.rotate(id);
    server.rotate(id);
    await Promise.all(Array.from({ length: 20 }, () => tab.auth.fetchMe()));
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
    await tab.auth.fetchMe();
    expect(server.requests.find(({ path }) => path === '/me')?.token).toBe(token);
    release();
    await until(() => tab.auth.getSession()?.token !== token);
  });

  test('is not asked for while the token has long to live', async () => {
    await loggedIn();
    sleep(13 * MINUTE);
    await tab.auth.fetchMe();
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
    expect(browser.tab(server).timer?.due).toBeGreaterThanOrEqual(refreshAt);
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
    expect(tab.timer?.due).toBeGreaterThanOrEqual(Date.now() + 15_000);
    expect(tab.timer?.due).toBeLessThanOrEqual(Date.now() + 30_000);
    nextTimer(browser);
    await until(() => tab.auth.getSession()?.token !== token);
  });

  test('is one for five windows whose tokens expire together', async () => {
    await loggedIn();
    for (let i = 0; i < 4; i++) browser.tab(server);
    expect(new Set(browser.tabs.map(({ timer }) => timer?.due)).size).toBe(5);
    for (let generation = 2; generation < 7; generation++) {
      const { token } = tab.auth.getSession() ?? expect.fail();
      nextTimer(browser);
      await until(() => tab.auth.getSession()?.token !== token);
      expect(server.count('/refresh')).toBe(generation - 1);
      expect(server.sessions.get('s0')?.generation).toBe(generation);
    }
  });

  test('is not asked for by a timer that a clock put far away', async () => {
    const session = await loggedIn();
    browser.items.set('ta.session', JSON.stringify({ ...session, expiresAt: 1e15, refreshAt: 1e15 }));
    tab.turn('visible');
    expect(tab.timer?.due).toBe(Date.now() + 60 * MINUTE); // more than 2^31 ms would go off at once, for ever
    nextTimer(browser);
    expect(tab.timer?.due).toBe(Date.now() + 60 * MINUTE);
    expect(server.count('/refresh')).toBe(0);
  });

  test('is repeated when its answer was lost, and continues the same chain', async () => {
    const { id } = await loggedIn({ bound: false });
    server.rotate(id); // the answer to this one never came
    sleep(31_000);
    await tab.auth.fetchMe();
    expect(server.count('/refresh')).toBe(1);
    expect(server.sessions.get(id)).toMatchObject({ generation: 2, ended: null });
  });

  test('is repeated by a bound session long after its answer was lost', async () => {
    const { id } = await loggedIn();
    sleep(DAY);
    lost('/refresh');
    await expect(tab.auth.fetchMe()).rejects.toThrow(NetworkError);
    sleep(10 * MINUTE);
    await tab.auth.fetchMe();
    expect(server.sessions.get(id)).toMatchObject({ generation: 2, ended: null });
  });
});

describe('nobody is logged out', () => {
  test.each<[string, number, string]>([
    ['429', 429, 'rate_limited'],
    ['500', 500, 'internal_error'],
    ['503', 503, 'unavailable'],
    ['another 4xx', 404, 'not_found'],
    ['a 401 that is no word of the contract', 401, 'proxy_says_no'],
  ])('by %s to a refresh', async (_, status, code) => {
    const session = await loggedIn();
    sleep(DAY);
    server.problem('/refresh', status, code);
    await expect(tab.auth.fetchMe()).rejects.toMatchObject({ status, code });
    expect(tab.auth.getSession()).toEqual(session);
    await tab.auth.fetchMe();
  });

  test.each<[string, number, string]>([
    ['a proxy’s page of 502', 502, '<h1>Bad gateway</h1>'],
    ['a proxy’s page of 401', 401, '<h1>Who are you?</h1>'],
    ['JSON null of 401', 401, 'null'],
  ])('by %s', async (_, status, page) => {
    await loggedIn();
    sleep(DAY);
    server.trouble('/refresh', (response) =>
      response.writeHead(status, { 'Content-Type': 'text/html' }).end(page),
    );
    await expect(tab.auth.fetchMe()).rejects.toMatchObject({
      name: 'ApiProblem',
      status,
      code: 'unreadable',
    });
    await tab.auth.fetchMe();
  });

  test.each([
    '<h1>Welcome to our hotel</h1>',
    '{}',
    '{"token": "ta1_a\\r\\nb", "expires_in": 900}',
    '',
    'null',
  ])('by a 200 that is not from our server: %s', async (page) => {
    const session = await loggedIn();
    sleep(DAY);
    server.trouble('/refresh', (response) => response.writeHead(200).end(page));
    await expect(tab.auth.fetchMe()).rejects.toThrow(NetworkError);
    expect(tab.auth.getSession()).toEqual(session);
  });

  test('by a connection that breaks', async () => {
    await loggedIn();
    sleep(DAY);
    server.trouble('/refresh', (response) => response.destroy());
    await expect(tab.auth.fetchMe()).rejects.toThrow(NetworkError);
    await tab.auth.fetchMe();
  });

  test('by a server that never answers', async () => {
    await loggedIn();
    sleep(DAY);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], now: Date.now() });
    server.trouble('/refresh', () => undefined);
    const failing = expect(tab.auth.fetchMe()).rejects.toThrow(NetworkError);
    await until(() => server.count('/refresh') === 1);
    vi.advanceTimersByTime(10_000);
    await failing;
    await tab.auth.fetchMe();
  });

  test('by a refresh that fails while the token is still alive: it is not even noticed', async () => {
    await loggedIn();
    sleep(14.5 * MINUTE);
    server.problem('/refresh', 503, 'unavailable');
    expect(await tab.auth.fetchMe()).toEqual(user('ann'));
  });

  test('by a token that is refused again after a refresh, and it is tried once only', async () => {
    await loggedIn();
    server.problem('/me', 401, 'invalid_token');
    server.problem('/me', 401, 'invalid_token');
    await expect(tab.auth.fetchMe()).rejects.toMatchObject({ code: 'invalid_token' });
    expect(server.count('/me')).toBe(2);
    expect(server.count('/refresh')).toBe(1);
    expect(tab.auth.getSession()).not.toBeNull();
  });
});

describe('a server that asks for a pause', () => {
  test('gets it', async () => {
    await loggedIn();
    sleep(DAY);
    server.problem('/refresh', 503, 'unavailable', { 'Retry-After': '7' });
    await expect(tab.auth.fetchMe()).rejects.toMatchObject({ retryAfter: 7 });
    sleep(6900);
    await expect(tab.auth.fetchMe()).rejects.toMatchObject({ status: 503 });
    expect(server.count('/refresh')).toBe(1);
    sleep(200);
    await tab.auth.fetchMe();
  });

  test('gets no more than a minute', async () => {
    await loggedIn();
    sleep(DAY);
    server.problem('/refresh', 503, 'unavailable', { 'Retry-After': '86400' });
    await expect(tab.auth.fetchMe()).rejects.toMatchObject({ status: 503 });
    sleep(MINUTE);
    await tab.auth.fetchMe();
  });

  test('does not get it from the next session', async () => {
    await loggedIn();
    sleep(DAY);
    server.problem('/refresh', 503, 'unavailable', { 'Retry-After': '60' });
    await expect(tab.auth.fetchMe()).rejects.toMatchObject({ status: 503 });
    const { id } = await loggedIn();
    server.rotate(id);
    server.rotate(id);
    await tab.auth.fetchMe();
  });
});

describe('the end of a session', () => {
  test.each(['revoked', 'password_changed', 'account_disabled', 'logged_out', 'expired', 'reused'])(
    'is told as the server knows it: %s',
    async (reason) => {
      await loggedIn();
      server.endSessions(reason);
      await expect(tab.auth.fetchMe()).rejects.toMatchObject({ code: 'session_ended', reason });
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
  ])('comes with a refresh that is answered %s', async (code, reason) => {
    await loggedIn();
    server.problem('/me', 401, 'invalid_token');
    server.problem('/refresh', 401, code);
    await expect(tab.auth.fetchMe()).rejects.toMatchObject({ code });
    expect(tab.auth.getSession()).toBeNull();
    expect(tab.auth.takeEndReason()).toBe(reason);
  });

  test('of a bearer session that slept is its expiry, and the server says so', async () => {
    await loggedIn({ bound: false });
    sleep(DAY);
    await expect(tab.auth.fetchMe()).rejects.toMatchObject({ code: 'invalid_token' });
    expect(server.count('/refresh')).toBe(1);
    expect(tab.auth.takeEndReason()).toBe('expired');
  });

  test('is seen by the other tabs at once, with its reason', async () => {
    await loggedIn();
    const other = browser.tab(server);
    const heard = vi.fn();
    other.auth.subscribe(heard);
    server.endSessions('revoked');
    await expect(tab.auth.fetchMe()).rejects.toThrow(ApiProblem);
    expect(other.auth.getSession()).toBeNull();
    expect(heard).toHaveBeenCalledOnce();
    expect(tab.auth.takeEndReason()).toBe('revoked');
    await Promise.resolve();
    expect(other.auth.takeEndReason()).toBe('revoked');
  });

  test('is told to a tab that is opened later', async () => {
    await loggedIn();
    server.endSessions('revoked');
    await expect(tab.auth.fetchMe()).rejects.toThrow(ApiProblem);
    expect(browser.tab(server).auth.takeEndReason()).toBe('revoked');
  });

  test('is forgotten in all tabs with the next log-in', async () => {
    await loggedIn();
    const other = browser.tab(server);
    server.endSessions('revoked');
    await expect(tab.auth.fetchMe()).rejects.toThrow(ApiProblem);
    await loggedIn();
    expect([...browser.items.keys()]).toEqual(['ta.session']);
    expect(tab.auth.takeEndReason()).toBeNull();
    expect(other.auth.takeEndReason()).toBeNull();
  });
});

describe('several tabs', () => {
  test('see a log-in and a log-out at once, but are not disturbed by a new token', async () => {
    const other = browser.tab(server);
    const heard = vi.fn();
    other.auth.subscribe(heard);
    await loggedIn();
    expect(heard).toHaveBeenCalledTimes(1);
    expect(other.auth.getSession()?.user.username).toBe('ann');
    sleep(DAY);
    await tab.auth.fetchMe();
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

  test('use the newer token of another tab instead of asking for one', async () => {
    await loggedIn();
    const other = browser.tab(server);
    sleep(31_000);
    server.trouble('/me', async (response) => {
      server.problem('/books', 401, 'invalid_token');
      await other.auth.fetchBooks(); // renews
      send(response, { status: 401, body: { status: 401, code: 'invalid_token' } });
    });
    await tab.auth.fetchMe();
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
      expect(await tab.auth.fetchMe()).toEqual(user('ann'));
      expect(tab.auth.takeEndReason()).toBeNull();
    },
  );

  test('do nothing as somebody who logged in meanwhile', async () => {
    await loggedIn();
    const other = browser.tab(server);
    server.trouble('/sessions', async (response) => {
      await other.auth.login('bob', PASSWORD);
      send(response, { status: 401, body: { status: 401, code: 'invalid_token' } });
    });
    await expect(tab.auth.endOtherSessions()).rejects.toMatchObject({ status: 401 });
    expect(server.count('/sessions')).toBe(1);
    expect(tab.auth.getSession()?.user.username).toBe('bob');
  });

  test('that log in at once leave each other’s key alone', async () => {
    const other = browser.tab(server);
    await Promise.all([tab.auth.login('ann', PASSWORD), other.auth.login('ann', PASSWORD)]);
    sleep(DAY);
    await tab.auth.fetchMe();
    await other.auth.fetchMe();
    expect(tab.auth.getSession()?.bound).toBe(true);
  });

  test('refresh with the key that one of them made', async () => {
    await loggedIn();
    const other = browser.tab(server);
    sleep(DAY);
    await Promise.all([tab.auth.fetchMe(), other.auth.fetchMe()]);
    expect(server.sessions.get('s0')).toMatchObject({ generation: 2, ended: null });
    expect(other.auth.getSession()?.bound).toBe(true);
  });
});

describe('the commit guard drops a refreshed token', () => {
  test('if another tab logged out meanwhile', async () => {
    await loggedIn();
    const other = browser.tab(server);
    sleep(DAY);
    meanwhile('/refresh', () => other.auth.logout());
    await expect(tab.auth.fetchMe()).rejects.toMatchObject({ code: 'missing_token' });
    expect(browser.items.has('ta.session')).toBe(false);
  });

  test('if somebody else logged in meanwhile', async () => {
    await loggedIn();
    const other = browser.tab(server);
    sleep(DAY);
    meanwhile('/refresh', () => other.auth.login('bob', PASSWORD));
    expect(await tab.auth.fetchMe()).toEqual(user('bob'));
    expect(tab.auth.getSession()?.user.username).toBe('bob');
  });

  test('if this tab logged out meanwhile', async () => {
    await loggedIn();
    sleep(DAY);
    meanwhile('/refresh', () => tab.auth.logout());
    await expect(tab.auth.fetchMe()).rejects.toMatchObject({ code: 'missing_token' });
    expect(browser.items.has('ta.session')).toBe(false);
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

describe('a bound session', () => {
  test('begins with a proof for exactly this request', async () => {
    const session = await loggedIn();
    expect(session.bound).toBe(true);
    const { header, claims } = server.lastProof ?? expect.fail();
    expect(Object.keys(header).sort()).toEqual(['alg', 'jwk', 'typ']);
    expect(Object.keys(header.jwk ?? {})).toEqual(['kty', 'crv', 'x', 'y']);
    expect(claims).toEqual({
      htm: 'POST',
      htu: `${PUBLIC_URL}/api/login`,
      iat: Date.now() / 1000,
      jti: expect.stringMatching(/^[\w-]{22}$/),
    });
  });

  test('refreshes with a proof over the token that it presents', async () => {
    await loggedIn();
    const login = server.lastProof;
    sleep(DAY);
    await tab.auth.fetchMe();
    expect(server.lastProof?.header.jwk).toEqual(login?.header.jwk);
    expect(server.lastProof?.claims).toMatchObject({
      htu: `${PUBLIC_URL}/api/refresh`,
      ath: expect.any(String),
    });
    expect(server.lastProof?.claims['jti']).not.toBe(login?.claims['jti']);
  });

  test.each([5 * MINUTE, -5 * MINUTE])('works with a clock that is wrong by %d ms', async (offset) => {
    server.clockOffsetMs = offset;
    await loggedIn();
    expect(server.count('/login')).toBe(1); // the offset was known before: no refused proof in anybody's log
    sleep(DAY);
    await browser.tab(server).auth.fetchMe();
    expect(server.count('/refresh')).toBe(1);
  });

  test('notices a clock that was put right meanwhile', async () => {
    await loggedIn();
    sleep(DAY);
    server.clockOffsetMs = 60 * MINUTE;
    await tab.auth.fetchMe();
    expect(server.count('/refresh')).toBe(2);
    sleep(DAY);
    await tab.auth.fetchMe();
    expect(server.count('/refresh')).toBe(3);
  });

  test.each(['https://books.new.example', 'https://books.new.example/'])(
    'follows the public address to %s',
    async (url) => {
      await loggedIn();
      sleep(DAY);
      server.publicUrl = url;
      await tab.auth.fetchMe();
      expect(server.lastProof?.claims['htu']).toBe('https://books.new.example/api/refresh');
    },
  );

  test('makes a new proof when the browser had already spent the first one', async () => {
    await loggedIn();
    sleep(DAY);
    server.trouble('/refresh', async (response, answer) => {
      await answer(); // lost, and repeated by the browser with the same header
      send(response, await answer());
    });
    await tab.auth.fetchMe();
    expect(server.count('/refresh')).toBe(2);
    expect(server.sessions.get('s0')?.generation).toBe(2);
  });

  test('copied into another browser is worth one token life, and then says why', async () => {
    await loggedIn();
    const thief = new Browser(browser.items).tab(server);
    await thief.auth.fetchMe();
    sleep(15 * MINUTE);
    await expect(thief.auth.fetchMe()).rejects.toMatchObject({ code: 'invalid_dpop_proof' });
    expect(thief.auth.getSession()).toBeNull();
    expect(thief.auth.takeEndReason()).toBe('key_lost');
    await tab.auth.fetchMe();
    expect(tab.auth.getSession()).not.toBeNull();
  });

  test('is gone with its key', async () => {
    await loggedIn();
    browser.indexedDB = new Browser().indexedDB;
    sleep(DAY);
    await expect(tab.auth.fetchMe()).rejects.toMatchObject({ code: 'invalid_dpop_proof' });
    expect(tab.auth.takeEndReason()).toBe('key_lost');
  });

  test('survives an IndexedDB that fails once, or for a while', async () => {
    await loggedIn();
    const fail = () => {
      throw new DOMException('Connection to Indexed Database server lost.', 'UnknownError');
    };
    sleep(DAY);
    vi.spyOn(browser.indexedDB, 'open').mockImplementationOnce(fail);
    await tab.auth.fetchMe();
    sleep(DAY);
    vi.spyOn(browser.indexedDB, 'open').mockImplementationOnce(fail).mockImplementationOnce(fail);
    await expect(tab.auth.fetchMe()).rejects.toThrow(NetworkError);
    expect(server.count('/refresh')).toBe(1);
    await tab.auth.fetchMe();
    expect(tab.auth.getSession()?.bound).toBe(true);
  });

  test('passes its key on when the password is changed', async () => {
    const { id } = await loggedIn();
    const jwk = server.lastProof?.header.jwk;
    await tab.auth.changePassword(PASSWORD, 'another horse battery');
    expect(server.lastProof).toMatchObject({
      header: { jwk },
      claims: { htu: `${PUBLIC_URL}/api/password/change` },
    });
    expect(tab.auth.getSession()).toMatchObject({ bound: true, user: user('ann') });
    expect(tab.auth.getSession()?.id).not.toBe(id);
    sleep(DAY);
    await tab.auth.fetchMe();
  });

  test('does not come back by a password change if somebody logged out meanwhile', async () => {
    await loggedIn();
    meanwhile('/password/change', () => browser.tab(server).auth.logout());
    await tab.auth.changePassword(PASSWORD, 'another horse battery');
    expect(tab.auth.getSession()).toBeNull();
  });
});

describe('a bearer session is what one gets', () => {
  const expectBearer = async () => {
    await tab.auth.login('ann', PASSWORD);
    expect(tab.auth.getSession()?.bound).toBe(false);
    sleep(14.5 * MINUTE);
    await tab.auth.fetchMe();
    await until(() => server.sessions.get('s0')?.generation === 2);
    expect(server.requests.filter(({ path, headers }) => path === '/refresh' && headers['dpop'])).toEqual([]);
  };

  test('from a server that ignores proofs; the key is deleted', async () => {
    server.binds = false;
    await expectBearer();
    expect(await keyNames(browser)).toEqual([]);
  });

  test('without WebCrypto, as on plain HTTP', async () => {
    vi.stubGlobal('crypto', {});
    await expectBearer();
  });

  test('without IndexedDB', async () => {
    browser.indexedDB = undefined as unknown as IDBFactory;
    await expectBearer();
  });

  test('where IndexedDB is blocked', async () => {
    vi.spyOn(browser.indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('denied', 'SecurityError');
    });
    await expectBearer();
  });

  test('where IndexedDB never answers', async () => {
    vi.spyOn(browser.indexedDB, 'open').mockReturnValue({} as IDBOpenDBRequest);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const loggedIn = tab.auth.login('ann', PASSWORD);
    while (tab.auth.getSession() === null) {
      vi.advanceTimersByTime(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    vi.advanceTimersByTime(10_000);
    await loggedIn;
    expect(tab.auth.getSession()?.bound).toBe(false);
  });

  test('where a key can’t be stored', async () => {
    vi.spyOn(crypto.subtle, 'generateKey').mockResolvedValue((() => 'can’t be cloned') as never);
    await expectBearer();
  });

  test('where a stored key is not found again', async () => {
    vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(function (this: IDBObjectStore) {
      return this.getKey('nobody');
    });
    await expectBearer();
  });
});

describe('a log-in', () => {
  test.each<unknown>([
    'Welcome to our hotel',
    { token: 'ta1_a', expires_in: 900, session: { id: 's0', bound: false } },
    { token: 'ta1_a', expires_in: 900, user: user('ann') },
    { token: 'ta1_a', expires_in: '900', session: { id: 's0', bound: false }, user: user('ann') },
  ])('is none if the answer is not from our server: %j', async (body) => {
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

  test('are in no open connection that would keep site data from being cleared', async () => {
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
