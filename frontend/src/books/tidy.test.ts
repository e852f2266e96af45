// @vitest-environment node

import { expect, test } from 'vitest';
import { authorLine, tidy } from './tidy';

const book = { id: 1, title: 'A Book', isbn: '1933988673', pageCount: 416, authors: ['Ann Lee'] };

test('empty author names are dropped, and nobody is named twice', () => {
  const { authors } = tidy({
    ...book,
    authors: ['Andres Almiray', ' ', '', 'James  Shingler ', 'Andres Almiray'],
  });
  expect(authors).toEqual(['Andres Almiray', 'James Shingler']);
});

test('a Jr or II that stands alone goes back behind its name', () => {
  expect(tidy({ ...book, authors: ['Emmit A. Scott', 'Jr.'] }).authors).toEqual(['Emmit A. Scott Jr.']);
  expect(tidy({ ...book, authors: ['Jim Jackson', 'II', 'Ian Gilman'] }).authors).toEqual([
    'Jim Jackson II',
    'Ian Gilman',
  ]);
  expect(tidy({ ...book, authors: ['Jr'] }).authors).toEqual(['Jr']);
});

test('page count 0 means that it is not known', () => {
  expect(tidy({ ...book, pageCount: 0 }).pages).toBeNull();
  expect(tidy(book).pages).toBe(416);
});

test('a book with nothing but a number and a blank title can be shown', () => {
  expect(tidy({ id: 7, title: '  ' })).toMatchObject({
    title: 'Untitled',
    authors: [],
    givenIsbn: null,
    isbn: null,
    pages: null,
  });
});

test('what is no ISBN is kept as it was given', () => {
  expect(tidy({ ...book, isbn: '1932394524k-e' })).toMatchObject({ givenIsbn: '1932394524k-e', isbn: null });
});

test('authors read like a sentence', () => {
  expect(authorLine([])).toBe('Unknown author');
  expect(authorLine(['Ann'])).toBe('Ann');
  expect(authorLine(['Ann', 'Ben', 'Cleo'])).toBe('Ann, Ben and Cleo');
});
