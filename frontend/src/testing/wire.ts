/** For tests: what the app sends over the wire, and a session that is stored. */

import { beforeEach, vi } from 'vitest';

export const TOKEN = 'ta1_abc';
const SESSION = {
  id: 's0',
  user: { id: 'u0', username: 'ann', email: null, email_verified: false, created_at: '2026-01-01T00:00:00Z' },
  token: TOKEN,
  expiresAt: Number.MAX_SAFE_INTEGER,
  refreshAt: Number.MAX_SAFE_INTEGER,
  bound: false,
  keyName: null,
};

/** Somebody is logged in. */
export const storeSession = () => localStorage.setItem('ta.session', JSON.stringify(SESSION));

interface Sent {
  method: string;
  path: string;
  body: unknown;
  authorization: string | null;
}

/** Requests go nowhere but into this list; each is answered by `answer`. */
export function wire() {
  const sent: Sent[] = [];
  const it = { sent, answer: () => Response.json({}) };
  beforeEach(() => {
    sent.length = 0;
    localStorage.clear();
    vi.stubGlobal('fetch', async (input: Request | string, init?: RequestInit) => {
      const request = input instanceof Request ? input : new Request(new URL(input, location.href), init);
      const text = await request.text();
      sent.push({
        method: request.method,
        path: new URL(request.url).pathname,
        body: text === '' ? {} : JSON.parse(text),
        authorization: request.headers.get('authorization'),
      });
      return it.answer();
    });
  });
  return it;
}
