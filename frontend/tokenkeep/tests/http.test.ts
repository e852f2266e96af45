// @vitest-environment node

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { NetworkError } from '../src/problems.js';
import { Browser, PASSWORD, Server, send, type Tab, until } from './support/apiServer.js';

let server: Server;
let tab: Tab;

beforeEach(async () => {
  server = await new Server().start();
  tab = new Browser().tab(server);
  await tab.auth.login('ann', PASSWORD);
});

afterEach(() => server.stop());

test('who gives up gets the reason back that they gave', async () => {
  const controller = new AbortController();
  server.trouble('/books', () => controller.abort());
  const error = await tab.auth.fetchBooks(controller.signal).catch((reason: unknown) => reason);
  expect(error).toBe(controller.signal.reason);
  expect(error).toMatchObject({ name: 'AbortError' });
});

test('a server that never answers is a network error', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  server.trouble('/books', () => undefined);
  const failing = expect(tab.auth.fetchBooks()).rejects.toThrow(NetworkError);
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
  await expect(tab.auth.fetchBooks()).rejects.toThrow(NetworkError);
});

test('a server that is away is a network error', async () => {
  await server.stop();
  await expect(tab.auth.fetchBooks()).rejects.toThrow(NetworkError);
  await server.start();
});

test('the books come with the state of the catalogue', async () => {
  expect(await tab.auth.fetchBooks()).toEqual({
    books: [{ id: 1, title: 'Unlocking Android' }],
    catalogue: 'cached',
  });
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

test('a configuration of another shape is none', async () => {
  const other = new Browser().tab(server);
  server.trouble('/config', (response) => send(response, { status: 200, body: { public_url: 7 } }));
  await expect(other.auth.fetchConfig()).rejects.toThrow(NetworkError);
});

test.each<[string, string, (auth: Tab['auth']) => Promise<unknown>, object]>([
  [
    'PATCH',
    '/me',
    (auth) => auth.changeEmail('a@b.example', PASSWORD),
    { email: 'a@b.example', current_password: PASSWORD },
  ],
  ['DELETE', '/me', (auth) => auth.deleteAccount(PASSWORD), { current_password: PASSWORD }],
  ['GET', '/me/export', (auth) => auth.exportAccount(), {}],
  ['GET', '/sessions', (auth) => auth.listSessions(), {}],
  ['DELETE', '/sessions/a%2Fb', (auth) => auth.endSession('a/b'), {}],
  ['DELETE', '/sessions', (auth) => auth.endOtherSessions(), {}],
  ['POST', '/email/verify/resend', (auth) => auth.resendVerification(), {}],
])('%s %s is asked for by who is logged in', async (method, path, call, body) => {
  const token = tab.auth.getSession()?.token;
  server.trouble(path, (response) => send(response, { status: 200, body: { fine: true } }));
  await call(tab.auth);
  expect(server.requests.at(-1)).toMatchObject({ method, path, body, token });
});

test.each<[string, (auth: Tab['auth']) => Promise<unknown>, object]>([
  [
    '/register',
    (auth) => auth.register({ username: 'bob', password: PASSWORD }),
    { username: 'bob', password: PASSWORD },
  ],
  ['/password/forgot', (auth) => auth.forgotPassword('a@b.example'), { email: 'a@b.example' }],
  ['/password/reset', (auth) => auth.resetPassword('c', PASSWORD), { code: 'c', new_password: PASSWORD }],
  ['/email/verify', (auth) => auth.verifyEmail('c'), { code: 'c' }],
])('POST %s is asked for by anybody', async (path, call, body) => {
  server.trouble(path, (response) => send(response, { status: 202, body: {} }));
  await call(tab.auth);
  expect(server.requests.at(-1)).toMatchObject({ method: 'POST', path, body, token: '' });
});

test('an account that was deleted leaves nothing here', async () => {
  server.trouble('/me', (response) => send(response, { status: 204 }));
  await tab.auth.deleteAccount(PASSWORD);
  expect(tab.auth.getSession()).toBeNull();
});

test('an account that was not deleted leaves the session as it is', async () => {
  server.problem('/me', 403, 'wrong_password');
  await expect(tab.auth.deleteAccount(PASSWORD)).rejects.toMatchObject({ status: 403 });
  expect(tab.auth.getSession()).not.toBeNull();
});
