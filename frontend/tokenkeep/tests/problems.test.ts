// @vitest-environment node

import { ApiProblem } from 'tokenkeep';
import { expect, test, vi } from 'vitest';

test('a problem has the members of the contract', () => {
  const errors = [{ field: 'username', code: 'too_short', message: 'At least 3 characters.' }];
  const said = {
    type: '/x',
    title: 'No',
    status: 422,
    detail: 'Correct it.',
    code: 'validation_failed',
    errors,
  };
  expect(ApiProblem.from(422, said, null)).toMatchObject({
    status: 422,
    code: 'validation_failed',
    title: 'No',
    detail: 'Correct it.',
    message: 'Correct it.',
    errors,
    retryAfterSeconds: null,
  });
});

test.each([
  null,
  '',
  '<h1>Bad gateway</h1>',
  [],
  42,
  { status: 200, code: 7, title: null, detail: {}, errors: 'no', reason: 1 },
])('an answer of any other shape is a problem without words: %j', (data) => {
  expect(ApiProblem.from(502, data, null)).toMatchObject({
    status: 502,
    code: 'unreadable',
    title: 'The server answered 502',
    detail: '',
    errors: [],
  });
});

test('errors of another shape are left out', () => {
  const good = { field: 'username', code: 'x', message: 'y' };
  expect(ApiProblem.from(422, { errors: [null, 'x', { field: 'a' }, good] }, null).errors).toEqual([good]);
});

test.each([
  ['7', 7],
  ['0', 0],
  ['Thu, 01 Jan 2026 00:00:30 GMT', 30],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['soon', null],
  ['-5', 0],
  [null, null],
  [undefined, null],
])('Retry-After %s is %s seconds', (header, seconds) => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
  expect(ApiProblem.from(503, {}, header).retryAfterSeconds).toBe(seconds);
  vi.useRealTimers();
});
