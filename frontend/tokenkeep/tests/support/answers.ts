/// <reference types="node" />

/** For tests: what the server is asked, and what it answers. */

import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Request {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: Record<string, unknown>;
  token: string;
}

export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** A request that is answered by a problem (RFC 9457). */
export class Refused extends Error {
  readonly answer: Answer;

  constructor(status: number, code: string, members: object = {}) {
    super(code);
    this.answer = { status, body: { status, code, title: code, detail: `${code}.`, ...members } };
  }
}

export function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  response.writeHead(status, { 'Content-Type': type, ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

export const PASSWORD = 'correct horse battery';

export const user = (username: string) => ({
  id: `id of ${username}`,
  username,
  email: null,
  email_verified: false,
  created_at: '2026-01-01T00:00:00Z',
});
