// @vitest-environment node

import { NetworkError } from 'tokenkeep';
import { describe, expect, test } from 'vitest';
import { send } from './support/answers';
import { ApiServer } from './support/apiServer';
import { loggedIn, server, tab } from './support/world';

describe('the token of a request', () => {
  test('is sent in the Authorization header, beside the browser’s own user agent', async () => {
    const { token } = await loggedIn();
    await tab.fetchMe();
    const { headers, path } = server.requests.at(-1) ?? expect.fail();
    expect(path).toBe('/me');
    expect(headers.authorization).toBe(`Bearer ${token}`);
    expect(headers['dpop']).toBeUndefined();
    expect(headers['user-agent']).not.toContain('axios');
  });

  test.each(['https://evil.example/', '//evil.example/', '/\\evil.example'])(
    'is not sent to another host: %s',
    async (path) => {
      await loggedIn();
      await expect(tab.auth.request({ method: 'GET', path })).rejects.toThrow('not_found');
      expect(server.requests.at(-1)?.path).toContain('evil.example');
    },
  );

  test('is not sent on to where a redirect leads', async () => {
    const thief = await new ApiServer().start();
    await loggedIn();
    server.trouble('/me', (response) =>
      response.writeHead(302, { Location: `${thief.origin}/api/me` }).end(),
    );
    await expect(tab.fetchMe()).rejects.toThrow(NetworkError);
    expect(thief.requests).toEqual([]);
    await thief.stop();
  });

  test('is not sent with a request that needs no log-in', async () => {
    await loggedIn();
    server.trouble('/password/forgot', (response) => send(response, { status: 202 }));
    const body = { email: 'ann@books.example' };
    await tab.auth.requestAnonymously({ method: 'POST', path: '/password/forgot', body });
    expect(server.requests.at(-1)?.headers.authorization).toBeUndefined();
  });

  test('must be there: without one nothing is asked of the server', async () => {
    const problem = await tab.fetchMe().catch((error: unknown) => error);
    expect(problem).toMatchObject({ status: 401, code: 'missing_token' });
    expect(server.requests).toEqual([]);
  });
});
