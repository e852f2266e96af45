// @vitest-environment node

import { expect, test } from 'vitest';
import { duration } from './duration';

test.each([
  [1, '1 s'],
  [59, '59 s'],
  [60, '1 min'],
  [125, '2 min 5 s'],
])('%d seconds are spelled %s', (seconds, words) => {
  expect(duration(seconds).replaceAll('\u00a0', ' ')).toBe(words);
});
