/** For tests: a small server that speaks the contract over real HTTP. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, PASSWORD, Refused, type Request, send, user } from './answers';
import { ProofCheck } from './proofCheck';
import { SessionRules } from './sessionRules';

type Trouble = (response: ServerResponse, answer: () => Promise<Answer>) => unknown;

export class ApiServer {
  /** All requests in the order of their arrival. */
  readonly requests: Request[] = [];
  /** Whether it knows DPoP: if not it ignores the proof and makes bearer sessions. */
  binds = true;
  readonly proofs = new ProofCheck();
  readonly #rules = new SessionRules();
  readonly #troubles: { path: string; trouble: Trouble }[] = [];
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

  get sessions() {
    return this.#rules.sessions;
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
    this.#rules.endAll(reason);
  }

  /** As if the session had been renewed by somebody else; the new token. */
  rotate(id: string): string {
    return this.#rules.rotate(id);
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await read(incoming);
    this.requests.push(request);
    response.setHeader('Date', new Date(this.proofs.nowMs()).toUTCString());
    const answer = () => this.#answer(request).catch((error) => (error as Refused).answer);
    const index = this.#troubles.findIndex(({ path }) => path === request.path);
    const [found] = index < 0 ? [] : this.#troubles.splice(index, 1);
    if (found) await found.trouble(response, answer);
    else send(response, await answer());
  }

  async #answer(request: Request): Promise<Answer> {
    const answers: Record<string, () => Answer | Promise<Answer>> = {
      'GET /config': () => ok({ public_url: this.proofs.publicUrl, password_min_length: 15 }),
      'POST /login': () => this.#login(request),
      'POST /refresh': () => this.#rules.refresh(request, () => this.#thumbprint(request)),
      'POST /logout': () => this.#logout(request),
      'POST /password/change': () => this.#changePassword(request),
      'GET /me': () => ok(user(this.#rules.verify(request).username)),
      'GET /books': () => ok(this.#rules.verify(request) && [{ id: 1, title: 'Unlocking Android' }]),
    };
    const answer = answers[`${request.method} ${request.path}`];
    if (!answer) throw new Refused(404, 'not_found');
    return answer();
  }

  async #login(request: Request): Promise<Answer> {
    const thumbprint = await this.#thumbprint(request);
    if (request.body['password'] !== PASSWORD) throw new Refused(401, 'invalid_credentials');
    return this.#rules.begin(String(request.body['username']), thumbprint);
  }

  #logout(request: Request): Answer {
    this.#rules.read(request).session.ended ??= 'logged_out';
    return { status: 204 };
  }

  async #changePassword(request: Request): Promise<Answer> {
    const session = this.#rules.verify(request);
    const thumbprint = session.thumbprint && (await this.#thumbprint(request));
    if (thumbprint !== session.thumbprint) throw new Refused(401, 'invalid_dpop_proof');
    this.endSessions('password_changed');
    return this.#rules.begin(session.username, session.thumbprint);
  }

  async #thumbprint(request: Request): Promise<string | null> {
    return this.binds ? this.proofs.thumbprint(request) : null;
  }
}

const ok = (body: unknown): Answer => ({ status: 200, body });

async function read(incoming: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return {
    method: incoming.method ?? '',
    path: (incoming.url ?? '').replace(/^\/api/, ''),
    headers: incoming.headers,
    body: text === '' ? {} : JSON.parse(text),
    token: incoming.headers.authorization?.replace(/^Bearer /, '') ?? '',
  };
}
