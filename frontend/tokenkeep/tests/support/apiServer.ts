/// <reference types="node" />

/** For tests: a small server that speaks the contract over real HTTP, and a browser with tabs that share storage. */

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IDBFactory } from 'fake-indexeddb';
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, jwtVerify } from 'jose';
import { vi } from 'vitest';
import { createAuth, type Page } from '../../src/auth.js';

export const PUBLIC_URL = 'https://books.example';
const TTL_SECONDS = 900;
const GRACE_MS = 30_000;

interface Session {
  id: string;
  username: string;
  generation: number;
  seen: boolean;
  rotatedAt: number;
  expiresAt: number;
  thumbprint: string | null;
  ended: string | null;
}

export interface Request {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: Record<string, unknown>;
  token: string;
}

interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

class Refused extends Error {
  readonly answer: Answer;
  constructor(status: number, code: string, members: object = {}) {
    super(code);
    this.answer = { status, body: { status, code, title: code, detail: `${code}.`, ...members } };
  }
}

type Trouble = (response: ServerResponse, answer: () => Promise<Answer>) => unknown;

export class Server {
  /** All requests in the order of their arrival. */
  readonly requests: Request[] = [];
  readonly sessions = new Map<string, Session>();
  /** Whether it knows DPoP: if not it ignores the proof and makes bearer sessions. */
  binds = true;
  clockOffsetMs = 0;
  publicUrl = PUBLIC_URL;
  /** The header of the last valid proof, and what it said. */
  lastProof: { header: { jwk?: JWK }; claims: Record<string, unknown> } | null = null;
  readonly #troubles: { path: string; trouble: Trouble }[] = [];
  readonly #jtis = new Set<unknown>();
  readonly #http = createServer((request, response) => void this.#serve(request, response));

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** What happens to the next request for `path` instead of an answer, or around it. */
  trouble(path: string, trouble: Trouble): void {
    this.#troubles.push({ path, trouble });
  }

  problem(path: string, status: number, code: string, headers: Record<string, string> = {}): void {
    this.trouble(path, (response) => send(response, { ...new Refused(status, code).answer, headers }));
  }

  count(path: string): number {
    return this.requests.filter((request) => request.path === path).length;
  }

  /** Ends all sessions, as from another device. */
  endSessions(reason: string): void {
    for (const session of this.sessions.values()) session.ended ??= reason;
  }

  /** As if the session had been renewed `times` by somebody else; the new token. */
  rotate(id: string): string {
    const session = this.sessions.get(id);
    if (!session) throw new Error('no such session');
    return this.#rotate(session);
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const request: Request = {
      method: incoming.method ?? '',
      path: (incoming.url ?? '').replace(/^\/api/, ''),
      headers: incoming.headers,
      body: text === '' ? {} : JSON.parse(text),
      token: incoming.headers.authorization?.replace(/^Bearer /, '') ?? '',
    };
    this.requests.push(request);
    response.setHeader('Date', new Date(this.#now()).toUTCString());
    const answer = () => this.#answer(request).catch((error) => (error as Refused).answer);
    const index = this.#troubles.findIndex(({ path }) => path === request.path);
    const [found] = index < 0 ? [] : this.#troubles.splice(index, 1);
    if (found) await found.trouble(response, answer);
    else send(response, await answer());
  }

  async #answer(request: Request): Promise<Answer> {
    switch (`${request.method} ${request.path}`) {
      case 'GET /config':
        return { status: 200, body: { public_url: this.publicUrl, password_min_length: 15 } };
      case 'POST /login':
        return this.#login(request, await this.#thumbprint(request));
      case 'POST /refresh':
        return this.#refresh(request);
      case 'POST /logout':
        this.#read(request).session.ended ??= 'logged_out';
        return { status: 204 };
      case 'POST /password/change':
        return this.#changePassword(request);
      case 'GET /me':
        return { status: 200, body: user(this.#verify(request).username) };
      case 'GET /books':
        this.#verify(request);
        return {
          status: 200,
          body: [{ id: 1, title: 'Unlocking Android' }],
          headers: { 'X-Catalogue': 'cached' },
        };
      default:
        throw new Refused(404, 'not_found');
    }
  }

  #login({ body }: Request, thumbprint: string | null): Answer {
    if (body['password'] !== 'correct horse battery') throw new Refused(401, 'invalid_credentials');
    return this.#begin(String(body['username']), thumbprint);
  }

  #begin(username: string, thumbprint: string | null): Answer {
    const id = `s${this.sessions.size}`;
    const fresh = {
      id,
      username,
      thumbprint,
      generation: 0,
      seen: false,
      rotatedAt: 0,
      expiresAt: 0,
      ended: null,
    };
    this.sessions.set(id, fresh);
    const token = this.#rotate(fresh);
    const session = { id, bound: thumbprint !== null };
    return { status: 200, body: { ...tokenBody(token), session, user: user(username) } };
  }

  async #refresh(request: Request): Promise<Answer> {
    const { session, generation, expiresAt } = this.#read(request);
    if (session.ended) throw new Refused(401, 'session_ended', { reason: session.ended });
    if (session.thumbprint !== null) {
      if ((await this.#thumbprint(request)) !== session.thumbprint)
        throw new Refused(401, 'invalid_dpop_proof');
      const isOld = generation < session.generation && Date.now() < session.expiresAt;
      return { status: 200, body: tokenBody(isOld ? mint(session) : this.#rotate(session)) };
    }
    if (Date.now() >= expiresAt) throw new Refused(401, 'invalid_token');
    if (generation === session.generation) return { status: 200, body: tokenBody(this.#rotate(session)) };
    const repeats = !session.seen || Date.now() - session.rotatedAt < GRACE_MS;
    if (generation === session.generation - 1 && repeats)
      return { status: 200, body: tokenBody(mint(session)) };
    session.ended = 'reused';
    throw new Refused(401, 'token_reused');
  }

  async #changePassword(request: Request): Promise<Answer> {
    const session = this.#verify(request);
    const thumbprint = session.thumbprint && (await this.#thumbprint(request));
    if (thumbprint !== session.thumbprint) throw new Refused(401, 'invalid_dpop_proof');
    this.endSessions('password_changed');
    return this.#begin(session.username, session.thumbprint);
  }

  #read({ token }: Request) {
    if (token === '') throw new Refused(401, 'missing_token');
    const [id, generation, expiresAt] = Buffer.from(token.slice(4), 'base64url').toString().split(' ');
    const session = this.sessions.get(id ?? '');
    if (!session) throw new Refused(401, 'invalid_token');
    return { session, generation: Number(generation), expiresAt: Number(expiresAt) };
  }

  #verify(request: Request): Session {
    const { session, generation, expiresAt } = this.#read(request);
    const inGrace = generation === session.generation - 1 && Date.now() - session.rotatedAt < GRACE_MS;
    const isGood = !session.ended && Date.now() < expiresAt && (generation === session.generation || inGrace);
    if (!isGood) throw new Refused(401, 'invalid_token');
    if (generation === session.generation) session.seen = true;
    return session;
  }

  #rotate(session: Session): string {
    const now = Date.now();
    const next = {
      generation: session.generation + 1,
      seen: false,
      rotatedAt: now,
      expiresAt: now + TTL_SECONDS * 1000,
    };
    return mint(Object.assign(session, next));
  }

  /** The proof's key; null without a proof. Checked by jose, not by what made it. */
  async #thumbprint({ headers, method, path, token }: Request): Promise<string | null> {
    const proof = headers['dpop'];
    if (proof === undefined || !this.binds) return null;
    const refused = new Refused(401, 'invalid_dpop_proof');
    const currentDate = new Date(this.#now());
    const options = {
      typ: 'dpop+jwt',
      algorithms: ['ES256'],
      currentDate,
      clockTolerance: 10,
      maxTokenAge: 60,
    };
    const { payload, protectedHeader } = await jwtVerify(String(proof), EmbeddedJWK, options).catch(() => {
      throw refused;
    });
    const ath = token === '' ? undefined : createHash('sha256').update(token).digest('base64url');
    const isRight =
      payload['htm'] === method &&
      payload['htu'] === `${this.publicUrl.replace(/\/$/, '')}/api${path}` &&
      payload['ath'] === ath;
    if (!isRight || this.#jtis.has(payload.jti)) throw refused;
    this.#jtis.add(payload.jti);
    this.lastProof = { header: protectedHeader, claims: payload };
    return calculateJwkThumbprint(protectedHeader.jwk as JWK);
  }

  #now(): number {
    return Date.now() + this.clockOffsetMs;
  }
}

export const PASSWORD = 'correct horse battery';
export const user = (username: string) => ({
  id: `id of ${username}`,
  username,
  email: null,
  email_verified: false,
  created_at: '2026-01-01T00:00:00Z',
});

const mint = ({ id, generation, expiresAt }: Session) =>
  `ta1_${Buffer.from(`${id} ${generation} ${expiresAt}`).toString('base64url')}`;

const tokenBody = (token: string) => ({ token, token_type: 'Bearer', expires_in: TTL_SECONDS });

export function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  response.writeHead(status, { 'Content-Type': type, ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** One profile: its tabs share local storage and IndexedDB. */
export class Browser {
  readonly items: Map<string, string>;
  indexedDB: IDBFactory = new IDBFactory();
  readonly tabs: Tab[] = [];

  /** With a copy of another profile's local storage, as a thief has it. */
  constructor(items: Iterable<[string, string]> = []) {
    this.items = new Map(items);
  }

  tab(server: Server): Tab {
    const tab = new Tab(this, server);
    this.tabs.push(tab);
    return tab;
  }

  /** The other tabs hear of a change; the one that made it does not. */
  changed(by: Tab, key: string | null, newValue: string | null): void {
    for (const tab of this.tabs) if (tab !== by) queueMicrotask(() => tab.heard(key, newValue));
  }
}

/** Until the earliest of the tabs' timers, which goes off. */
export function nextTimer({ tabs }: Browser): void {
  const [first] = tabs.filter(({ timer }) => timer !== null).sort((a, b) => due(a) - due(b));
  if (!first?.timer) throw new Error('no tab has a timer');
  const { callback } = first.timer;
  vi.setSystemTime(Math.max(due(first), Date.now()));
  first.timer = null;
  callback();
}

const due = ({ timer }: Tab) => timer?.due ?? Number.POSITIVE_INFINITY;

export class Tab implements Page {
  readonly browser: Browser;
  readonly auth: ReturnType<typeof createAuth>;
  /** A frozen tab gets no events. */
  frozen = false;
  /** What local storage throws: whenever it is touched, or when it is written to. */
  storageError: Error | null = null;
  writeError: Error | null = null;
  readonly document;
  readonly #events = new EventTarget();

  constructor(browser: Browser, server: Server) {
    this.browser = browser;
    this.document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    this.auth = createAuth(this, `${server.origin}/api`);
  }

  timer: { callback: () => void; due: number } | null = null;

  setTimeout(callback: () => void, ms: number): number {
    this.timer = { callback, due: Date.now() + ms };
    return 1;
  }

  clearTimeout(): void {
    this.timer = null;
  }

  get indexedDB(): IDBFactory {
    return this.browser.indexedDB;
  }

  addEventListener(type: 'storage', listener: (event: StorageEvent) => void): void {
    this.#events.addEventListener(type, listener as (event: Event) => void);
  }

  heard(key: string | null, newValue: string | null): void {
    if (!this.frozen) this.#events.dispatchEvent(Object.assign(new Event('storage'), { key, newValue }));
  }

  turn(visibilityState: 'visible' | 'hidden'): void {
    this.document.visibilityState = visibilityState;
    this.document.dispatchEvent(new Event('visibilitychange'));
  }

  get localStorage(): Storage {
    if (this.storageError) throw this.storageError;
    const { items } = this.browser;
    return {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => {
        if (this.writeError) throw this.writeError;
        items.set(key, value);
        this.browser.changed(this, key, value);
      },
      removeItem: (key: string) => {
        if (items.delete(key)) this.browser.changed(this, key, null);
      },
    } as Storage;
  }
}

/** Real time for real sockets, while the fake clock stands still. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 3000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never came true: ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The names of the keys that the browser holds. */
export async function keyNames({ indexedDB }: Browser): Promise<IDBValidKey[]> {
  const opening = indexedDB.open('ta.keys', 1);
  const database = await new Promise<IDBDatabase>((resolve) => {
    opening.onsuccess = () => resolve(opening.result);
  });
  const names = database.transaction('keys').objectStore('keys').getAllKeys();
  await new Promise((resolve) => {
    names.onsuccess = resolve;
  });
  database.close();
  return names.result;
}
