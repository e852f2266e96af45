// @vitest-environment node

import { expect, test } from 'vitest';
import { parseIsbn, spellIsbn13 } from './isbn';

test.each([
  ['1933988673', '1933988673', '9781933988672'],
  ['193398807x', '193398807X', '9781933988078'],
  ['1-933988-67-3', '1933988673', '9781933988672'],
  ['978-1-935182-92-4', '1935182927', '9781935182924'],
  ['133046192', '0133046192', '9780133046199'], // has lost its leading zero
  ['9791032305690', null, '9791032305690'], // 979 has no ISBN-10
])('%s is an ISBN', (text, isbn10, isbn13) => {
  expect(parseIsbn(text)).toEqual({ isbn10, isbn13 });
});

test.each(['', '1933988674', '1932394524k-e', '9781935182925', '97819351829', 'X933988673', '12345678'])(
  '“%s” is none',
  (text) => {
    expect(parseIsbn(text)).toBeNull();
  },
);

test('is spelled as people write it', () => {
  expect(spellIsbn13('9781935182924')).toBe('978-1935182924');
});
