// @vitest-environment node

import { describe, expect, test } from 'vitest';
import { fold } from './fold';
import { highlight } from './highlight';
import { isSort, type Sort, search, searchWords, sortBooks } from './search';
import { tidy } from './tidy';

const books = [
  { id: 1, title: 'Unlocking Android', isbn: '1933988673', pageCount: 416, authors: ['W. Frank Ableson'] },
  {
    id: 2,
    title: 'Groovy in Action',
    isbn: '1935182447',
    pageCount: 700,
    authors: ['Dierk König', "Hamlet D'Arcy"],
  },
  {
    id: 3,
    title: 'Windows E-Commerce',
    isbn: '133046192',
    pageCount: 0,
    authors: ['Dagfinn Reiersøl with Ann Zorn'],
  },
  { id: 4, title: 'ångström Units 10', pageCount: 90, authors: [] },
  { id: 5, title: 'Angstrom Units 9', pageCount: 90, authors: ['Emmit A. Scott', 'Jr.'] },
].map(tidy);

const found = (query: string) => search(books, searchWords(query)).map(({ id }) => id);
const sorted = (sort: Sort) => sortBooks(books, sort).map(({ id }) => id);

describe('search', () => {
  test.each([
    ['', [1, 2, 3, 4, 5]],
    ['   ', [1, 2, 3, 4, 5]],
    ['ANDROID', [1]],
    ['konig', [2]],
    ['König', [2]],
    ['Ko\u0308nig', [2]], // as macOS types it
    ['reiersol', [3]],
    ['darcy', [2]],
    ['ecommerce', [3]],
    ['e-commerce', [3]],
    ['e‑commerce', [3]], // a hyphen that doesn't break
    ['units scott', [5]],
    ['scott units', [5]],
    ['android groovy', []],
    ['1933988673', [1]],
    ['978-1-933988-67-2', [1]],
    ['0133046192', [3]],
    ['-', [1, 2, 3, 4, 5]],
  ])('“%s” finds %j', (query, ids) => {
    expect(found(query)).toEqual(ids);
  });

  test('no word runs from one field into the next', () => {
    expect(found('androidw')).toEqual([]);
  });
});

describe('highlight', () => {
  const marked = (text: string, query: string) =>
    highlight(text, searchWords(query))
      .map(({ text, hit }) => (hit ? `[${text}]` : text))
      .join('');

  test.each([
    ['Dierk König', 'konig', 'Dierk [König]'],
    ['Dierk Ko\u0308nig', 'konig', 'Dierk [König]'],
    ['Windows E-Commerce', 'ecom', 'Windows [E-Com]merce'],
    ['Straße', 'asse', 'Str[aße]'],
    ['aaa', 'a', '[aaa]'],
    ['Groovy in Action', 'in groovy', '[Groovy] [in] Action'],
    ['ﬁne 𝔄rt', 'fi', '[ﬁ]ne 𝔄rt'],
    ['Groovy', 'zebra', 'Groovy'],
  ])('in “%s” of “%s”: %s', (text, query, expected) => {
    expect(marked(text, query)).toBe(expected);
  });
});

describe('sort', () => {
  test.each([
    ['catalogue', [1, 2, 3, 4, 5]],
    ['title', [5, 4, 2, 1, 3]], // 9 before 10, å like a
    ['author', [1, 2, 3, 5, 4]], // by surname; nobody comes last
    ['longest', [2, 1, 4, 5, 3]], // not known comes last
    ['shortest', [4, 5, 1, 2, 3]],
  ] as const)('by %s', (sort, ids) => {
    expect(sorted(sort)).toEqual(ids);
  });

  test('knows its own names only', () => {
    expect(isSort('author')).toBe(true);
    expect(isSort('toString')).toBe(false);
    expect(isSort(null)).toBe(false);
  });
});

test('fold leaves no case, diacritics, hyphens or apostrophes', () => {
  expect(fold('Reiersøl’s Œuvre–É')).toBe('reiersols oeuvree');
});
