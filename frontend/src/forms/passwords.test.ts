// @vitest-environment node

import { expect, test } from 'vitest';
import { codePoints, rate } from './passwords';
import vectors from './passwords.vectors.json';

test.each(vectors.passwords)(
  'the page says of $password what the server says',
  async ({ password, verdict, at_least = vectors.at_least }) => {
    expect(await rate(password, at_least, vectors.personal)).toBe(verdict);
  },
);

test('length counts characters as the server does', () => {
  expect(codePoints('päss🔑')).toBe(5);
  expect(codePoints('e\u0301')).toBe(1);
});
