import { expect, test } from 'vitest';
import { storeSession, wire } from '../testing/wire';
import { fetchBook, fetchBooks } from './api';

const BOOK = { id: 1, title: 'Unlocking Android' };
const server = wire();

test('the books come with the state of the catalogue', async () => {
  storeSession();
  server.answer = () => new Response(JSON.stringify([BOOK]), { headers: { 'x-catalogue': 'cached' } });
  expect(await fetchBooks()).toEqual({ books: [BOOK], state: 'cached' });
  expect(server.sent).toMatchObject([{ method: 'GET', path: '/api/books' }]);
});

test('one book is asked for by its number', async () => {
  storeSession();
  server.answer = () => Response.json(BOOK);
  expect(await fetchBook(7)).toEqual(BOOK);
  expect(server.sent).toMatchObject([{ method: 'GET', path: '/api/books/7' }]);
});
