// @vitest-environment node

import { NetworkError } from 'tokenkeep';
import { beforeEach, expect, test, vi } from 'vitest';
import { send } from './support/answers';
import { Browser } from './support/fakeBrowser';
import { loggedIn, server, tab, until } from './support/world';

beforeEach(async () => {
  await loggedIn();
});

test('a request that its caller gives up fails with the caller’s own reason', async () => {
  const controller = new AbortController();
  server.trouble('/books', () => controller.abort());
  const error = await tab.fetchBooks(controller.signal).catch((reason: unknown) => reason);
  expect(error).toBe(controller.signal.reason);
  expect(error).toMatchObject({ name: 'AbortError' });
});

test('a server that never answers is a network error', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  server.trouble('/books', () => undefined);
  const failing = expect(tab.fetchBooks()).rejects.toThrow(NetworkError);
  await until(() => server.count('/books') === 1);
  vi.advanceTimersByTime(15_000);
  await failing;
  vi.useRealTimers();
});

test('an answer that breaks off is a network error', async () => {
  server.trouble('/books', (response) => {
    response.writeHead(200, { 'Content-Length': '1000' });
    response.write('[');
    setImmediate(() => response.destroy());
  });
  await expect(tab.fetchBooks()).rejects.toThrow(NetworkError);
});

test('a server that is away is a network error', async () => {
  await server.stop();
  await expect(tab.fetchBooks()).rejects.toThrow(NetworkError);
  await server.start();
});

test('the configuration is asked for once, and again only if that failed', async () => {
  const other = new Browser().tab(server);
  server.problem('/config', 503, 'unavailable');
  const before = server.count('/config');
  await expect(other.auth.fetchConfig()).rejects.toMatchObject({ status: 503 });
  const config = await other.auth.fetchConfig();
  expect(config.password_min_length).toBe(15);
  expect(await other.auth.fetchConfig()).toBe(config);
  expect(server.count('/config') - before).toBe(2);
});

test('a configuration of another shape is a network error', async () => {
  const other = new Browser().tab(server);
  server.trouble('/config', (response) => send(response, { status: 200, body: { public_url: 7 } }));
  await expect(other.auth.fetchConfig()).rejects.toThrow(NetworkError);
});
