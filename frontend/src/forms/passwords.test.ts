import { expect, test } from 'vitest';
import { judge } from './passwords';
import vectors from './passwords.vectors.json';

test.each(vectors.passwords)(
  'the page says of $password what the server says',
  async ({ password, verdict }) => {
    expect(await judge(password, vectors.at_least, vectors.personal)).toBe(verdict);
  },
);
