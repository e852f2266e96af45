// @vitest-environment node

import { NetworkError } from 'tokenkeep';
import { describe, expect, test } from 'vitest';
import { send } from './support/answers';
import { ApiServer } from './support/apiServer';
import { loggedIn, server, tab } from './support/world';

describe('the token of a request', () => {
  test('goes in the Authorization header, and the browser names itself', async () => {
    const { token } = await loggedIn();
    await tab.fetchMe();
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
    const thief = await new ApiServer().start();
    await loggedIn();
    server.trouble('/me', (response) =>
      response.writeHead(302, { Location: `${thief.origin}/api/me` }).end(),
    );
    await expect(tab.fetchMe()).rejects.toThrow(NetworkError);
    expect(thief.requests).toEqual([]);
    await thief.stop();
  });

  test('is not sent where none is needed', async () => {
    await loggedIn();
    server.trouble('/password/forgot', (response) => send(response, { status: 202 }));
    const body = { email: 'ann@books.example' };
    await tab.auth.requestAnonymously({ method: 'POST', path: '/password/forgot', body });
    expect(server.requests.at(-1)?.headers.authorization).toBeUndefined();
  });

  test('is asked for before the server is', async () => {
    const problem = await tab.fetchMe().catch((error: unknown) => error);
    expect(problem).toMatchObject({ status: 401, code: 'missing_token' });
    expect(server.requests).toEqual([]);
  });
});
