import { expect, test } from 'vitest';
import { storeSession, TOKEN, wire } from '../testing/wire';
import {
  changeEmail,
  endOtherSessions,
  endSession,
  exportAccount,
  fetchEmail,
  fetchEvents,
  fetchMe,
  fetchPasswordMinLength,
  fetchSessions,
  forgotPassword,
  register,
  resendVerification,
  resetPassword,
  verifyEmail,
} from './api';

const PASSWORD = 'correct horse battery';
const server = wire();

test.each<[string, string, () => Promise<unknown>, object]>([
  ['GET', '/me', fetchMe, {}],
  [
    'PATCH',
    '/me',
    () => changeEmail('a@b.example', PASSWORD),
    { email: 'a@b.example', current_password: PASSWORD },
  ],
  ['GET', '/me/email', fetchEmail, {}],
  ['GET', '/me/events', fetchEvents, {}],
  ['GET', '/me/export', exportAccount, {}],
  ['GET', '/sessions', fetchSessions, {}],
  ['DELETE', '/sessions/a%2Fb', () => endSession('a/b'), {}],
  ['DELETE', '/sessions', endOtherSessions, {}],
  ['POST', '/email/verify/resend', resendVerification, {}],
])('%s %s is asked for by who is logged in', async (method, path, call, body) => {
  storeSession();
  server.answer = () => Response.json({ fine: true });
  await call();
  const authorization = `Bearer ${TOKEN}`;
  expect(server.sent).toEqual([{ method, path: `/api${path}`, body, authorization }]);
});

test.each<[string, () => Promise<unknown>, object]>([
  [
    '/register',
    () => register({ username: 'bob', password: PASSWORD }),
    { username: 'bob', password: PASSWORD },
  ],
  ['/password/forgot', () => forgotPassword('a@b.example'), { email: 'a@b.example' }],
  ['/password/reset', () => resetPassword('c', PASSWORD), { code: 'c', new_password: PASSWORD }],
  ['/email/verify', () => verifyEmail('c'), { code: 'c' }],
])('POST %s is asked for by anybody, and gets no token', async (path, call, body) => {
  storeSession();
  server.answer = () => new Response('{}', { status: 202 });
  await call();
  expect(server.sent).toEqual([{ method: 'POST', path: `/api${path}`, body, authorization: null }]);
});

test('the shortest password is what the server says, or the usual when it can’t be asked', async () => {
  server.answer = () => new Response('', { status: 503 });
  expect(await fetchPasswordMinLength()).toBe(15);
  server.answer = () => Response.json({ public_url: 'http://localhost', password_min_length: 20 });
  expect(await fetchPasswordMinLength()).toBe(20);
});
