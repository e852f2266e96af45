// @vitest-environment node

import { ApiProblem, NetworkError } from 'tokenkeep';
import { expect, test, vi } from 'vitest';
import { failure, missing } from './failure';

const problem = (said: Partial<ConstructorParameters<typeof ApiProblem>[0]>) =>
  failure(new ApiProblem({ status: 422, code: 'validation_failed', title: 'Check this', ...said }), [
    'username',
    'password',
  ]);

test('what is wrong with a field stands beside it, once', () => {
  const errors = [
    { field: 'username', code: 'x', message: 'Too short.' },
    { field: 'username', code: 'y', message: 'Odd letters.' },
  ];
  expect(problem({ errors })).toMatchObject({ message: '', fields: { username: 'Too short.' } });
});

test('what is wrong with a field that the form has not is said above the button', () => {
  const errors = [{ field: 'colour', code: 'x', message: 'No such colour.' }];
  expect(problem({ errors })).toMatchObject({ message: 'No such colour.', fields: {} });
});

test('a wrong password clears the password and says so in the server’s words', () => {
  const refused = problem({ status: 401, code: 'invalid_credentials', detail: 'Name or password is wrong.' });
  expect(refused).toMatchObject({ message: 'Name or password is wrong.', keepPassword: false });
});

test('too many tries say until when', () => {
  vi.useFakeTimers({ now: 1_000_000 });
  expect(problem({ status: 429, code: 'rate_limited', retryAfterSeconds: 30 }).retryAtMs).toBe(1_030_000);
  vi.useRealTimers();
});

test('a server that is away or in trouble says nothing about what was typed, so it all stays', () => {
  expect(failure(new NetworkError('away'), []).keepPassword).toBe(true);
  expect(problem({ status: 503, code: 'unavailable', retryAfterSeconds: 5 }).keepPassword).toBe(true);
});

test('an error of the program itself is thrown on, to the error page', () => {
  expect(() => failure(new TypeError('x is undefined'), [])).toThrow(TypeError);
});

test('nothing missing is no failure', () => {
  const words = { username: 'Enter it.', password: 'And this.' };
  expect(missing({ username: 'ann', password: ' ' }, words)).toBeNull();
  expect(missing({ username: '', password: 'x' }, words)?.fields).toEqual({ username: 'Enter it.' });
});
