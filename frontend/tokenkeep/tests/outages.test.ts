// @vitest-environment node

import { NetworkError } from 'tokenkeep';
import { describe, expect, test, vi } from 'vitest';
import { user } from './support/answers';
import { DAY, loggedIn, MINUTE, server, sleep, tab, until } from './support/world';

describe('nobody is logged out', () => {
  test.each<[string, number, string]>([
    ['429', 429, 'rate_limited'],
    ['500', 500, 'internal_error'],
    ['503', 503, 'unavailable'],
    ['another 4xx', 404, 'not_found'],
    ['a 401 with a code that the contract does not know', 401, 'proxy_says_no'],
  ])('by %s to a refresh', async (_, status, code) => {
    const session = await loggedIn();
    sleep(DAY);
    server.problem('/refresh', status, code);
    await expect(tab.fetchMe()).rejects.toMatchObject({ status, code });
    expect(tab.auth.getSession()).toEqual(session);
    await tab.fetchMe();
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
    await expect(tab.fetchMe()).rejects.toMatchObject({
      name: 'ApiProblem',
      status,
      code: 'unreadable',
    });
    await tab.fetchMe();
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
    await expect(tab.fetchMe()).rejects.toThrow(NetworkError);
    expect(tab.auth.getSession()).toEqual(session);
  });

  test('by a connection that breaks', async () => {
    await loggedIn();
    sleep(DAY);
    server.trouble('/refresh', (response) => response.destroy());
    await expect(tab.fetchMe()).rejects.toThrow(NetworkError);
    await tab.fetchMe();
  });

  test('by a server that never answers', async () => {
    await loggedIn();
    sleep(DAY);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], now: Date.now() });
    server.trouble('/refresh', () => undefined);
    const failing = expect(tab.fetchMe()).rejects.toThrow(NetworkError);
    await until(() => server.count('/refresh') === 1);
    vi.advanceTimersByTime(10_000);
    await failing;
    await tab.fetchMe();
  });

  test('by a refresh that fails while the token is still alive: it is not even noticed', async () => {
    await loggedIn();
    sleep(14.5 * MINUTE);
    server.problem('/refresh', 503, 'unavailable');
    expect(await tab.fetchMe()).toEqual(user('ann'));
  });

  test('by a token that is refused again after a refresh, and it is tried once only', async () => {
    await loggedIn();
    server.problem('/me', 401, 'invalid_token');
    server.problem('/me', 401, 'invalid_token');
    await expect(tab.fetchMe()).rejects.toMatchObject({ code: 'invalid_token' });
    expect(server.count('/me')).toBe(2);
    expect(server.count('/refresh')).toBe(1);
    expect(tab.auth.getSession()).not.toBeNull();
  });
});

describe('a server that asks for a pause', () => {
  test('is not asked again before it is over', async () => {
    await loggedIn();
    sleep(DAY);
    server.problem('/refresh', 503, 'unavailable', { 'Retry-After': '7' });
    await expect(tab.fetchMe()).rejects.toMatchObject({ retryAfterSeconds: 7 });
    sleep(6900);
    await expect(tab.fetchMe()).rejects.toMatchObject({ status: 503 });
    expect(server.count('/refresh')).toBe(1);
    sleep(200);
    await tab.fetchMe();
  });

  test('is asked again after a minute, however long it wanted', async () => {
    await loggedIn();
    sleep(DAY);
    server.problem('/refresh', 503, 'unavailable', { 'Retry-After': '86400' });
    await expect(tab.fetchMe()).rejects.toMatchObject({ status: 503 });
    sleep(MINUTE);
    await tab.fetchMe();
  });

  test('is asked at once for the next session', async () => {
    await loggedIn();
    sleep(DAY);
    server.problem('/refresh', 503, 'unavailable', { 'Retry-After': '60' });
    await expect(tab.fetchMe()).rejects.toMatchObject({ status: 503 });
    const { id } = await loggedIn();
    server.rotate(id);
    server.rotate(id);
    await tab.fetchMe();
  });
});
