// @vitest-environment node

import { NetworkError } from 'tokenkeep';
import { expect, test } from 'vitest';
import { bookFrom, catalogueFrom } from './catalogue';

const answer = (data: unknown, label: string | null = null) => ({ data, header: () => label });
const whole = {
  id: 1,
  title: 'Unlocking Android',
  isbn: '1933988673',
  pageCount: 416,
  authors: ['Charlie Collins'],
};

test('books come with all that the catalogue has of them', () => {
  expect(catalogueFrom(answer([whole], 'cached'))).toEqual({ books: [whole], state: 'cached' });
  expect(bookFrom(answer(whole))).toEqual(whole);
});

test.each([
  ['live', 'live'],
  ['sample', 'sample'],
  [null, 'live'],
  ['new', 'live'],
])('a catalogue labelled %s is %s', (label, state) => {
  expect(catalogueFrom(answer([], label)).state).toBe(state);
});

test('what is no book is left out, and what is odd in one too', () => {
  const odd = { id: 2, title: '', isbn: 1933988673, pageCount: '416', authors: ['A', null, 7], cover: 'x' };
  const { books } = catalogueFrom(
    answer([null, 'x', { id: '1', title: 'x' }, { id: 1 }, odd, { id: 3, title: 'C' }]),
  );
  expect(books).toEqual([
    { id: 2, title: '', authors: ['A'] },
    { id: 3, title: 'C' },
  ]);
});

test.each([null, '<h1>Welcome</h1>', { books: [] }])('an answer that is no list is no answer: %j', (data) => {
  expect(() => catalogueFrom(answer(data))).toThrow(NetworkError);
  expect(() => bookFrom(answer([]))).toThrow(NetworkError);
});
