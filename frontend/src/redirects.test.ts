import { expect, test } from 'vitest';
import { HOME, loginPath, safeFrom } from './redirects';

const ORIGIN = 'http://localhost:5003';

test.each([
  ['/books/7', '/books/7'],
  ['/books?q=a%26b&sort=title', '/books?q=a%26b&sort=title'],
  ['http://localhost:5003/books/7#isbn', '/books/7#isbn'],
  ['books/7', '/books/7'],
])('leads back to %s', (from, path) => {
  expect(safeFrom(from, ORIGIN)).toBe(path);
});

test.each([
  null,
  '',
  'https://evil.example/books',
  '//evil.example',
  '/\t/evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  'http://localhost:5003@evil.example/',
  'http://localhost:5004/books',
  'https://localhost:5003/books',
  'javascript:alert(1)',
  'data:text/html,x',
  'http://',
  '/login?from=/login',
  '/register',
  '/logout',
])('leads to the books, not to %j', (from) => {
  expect(safeFrom(from, ORIGIN)).toBe(HOME);
});

test.each(['/.//evil.example', '/..//evil.example/x', '/.//\\evil.example'])(
  'a path of ours that reads as another host is not followed: %s',
  (from) => {
    expect(new URL(safeFrom(from, ORIGIN), ORIGIN).origin).toBe(ORIGIN);
  },
);

test('the log-in page remembers where one was, but not the front door', () => {
  expect(loginPath('/books/7?x=1')).toBe('/login?from=%2Fbooks%2F7%3Fx%3D1');
  expect(loginPath('/books')).toBe('/login');
});
