/** For tests: the server's rules about sessions and their tokens, written a second time and independently. */

import { type Answer, Refused, type Request, user } from './answers';

const TTL_SECONDS = 900;
const GRACE_MS = 30_000;

export interface LiveSession {
  id: string;
  username: string;
  generation: number;
  /** Whether the current generation was ever used. */
  seen: boolean;
  rotatedAtMs: number;
  expiresAtMs: number;
  /** Of the key that the session is bound to; null for a bearer session. */
  thumbprint: string | null;
  /** Why it ended. */
  ended: string | null;
}

type Thumbprint = () => Promise<string | null>;

export class SessionRules {
  readonly sessions = new Map<string, LiveSession>();

  /** Begins a session; bound if there is a thumbprint. The answer is that of a log-in. */
  begin(username: string, thumbprint: string | null): Answer {
    const id = `s${this.sessions.size}`;
    const times = { generation: 0, seen: false, rotatedAtMs: 0, expiresAtMs: 0 };
    const fresh = { id, username, thumbprint, ended: null, ...times };
    this.sessions.set(id, fresh);
    const session = { id, bound: thumbprint !== null };
    return { status: 200, body: { ...tokenBody(rotate(fresh)), session, user: user(username) } };
  }

  async refresh(request: Request, thumbprint: Thumbprint): Promise<Answer> {
    const { session, generation, expiresAtMs } = this.read(request);
    if (session.ended) throw new Refused(401, 'session_ended', { reason: session.ended });
    const token =
      session.thumbprint === null
        ? refreshBearer(session, generation, expiresAtMs)
        : refreshBound(session, generation, await thumbprint());
    return { status: 200, body: tokenBody(token) };
  }

  /** The session that the token names, whatever became of it. */
  read({ token }: Request) {
    if (token === '') throw new Refused(401, 'missing_token');
    const [id, generation, expiresAtMs] = Buffer.from(token.slice(4), 'base64url').toString().split(' ');
    const session = this.sessions.get(id ?? '');
    if (!session) throw new Refused(401, 'invalid_token');
    return { session, generation: Number(generation), expiresAtMs: Number(expiresAtMs) };
  }

  /** The session whose live token the request carries. */
  verify(request: Request): LiveSession {
    const { session, generation, expiresAtMs } = this.read(request);
    const isCurrent = generation === session.generation;
    const isGood = !session.ended && Date.now() < expiresAtMs;
    if (!isGood || !(isCurrent || (isPrevious(session, generation) && isInGrace(session))))
      throw new Refused(401, 'invalid_token');
    if (isCurrent) session.seen = true;
    return session;
  }

  /** As if the session had been renewed by somebody else; the new token. */
  rotate(id: string): string {
    const session = this.sessions.get(id);
    if (!session) throw new Error('no such session');
    return rotate(session);
  }

  /** Ends all sessions, as from another device. */
  endAll(reason: string): void {
    for (const session of this.sessions.values()) session.ended ??= reason;
  }
}

function refreshBound(session: LiveSession, generation: number, thumbprint: string | null): string {
  if (thumbprint !== session.thumbprint) throw new Refused(401, 'invalid_dpop_proof');
  const isOld = generation < session.generation && Date.now() < session.expiresAtMs;
  return isOld ? mint(session) : rotate(session);
}

function refreshBearer(session: LiveSession, generation: number, expiresAtMs: number): string {
  if (Date.now() >= expiresAtMs) throw new Refused(401, 'invalid_token');
  if (generation === session.generation) return rotate(session);
  if (isPrevious(session, generation) && (!session.seen || isInGrace(session))) return mint(session);
  session.ended = 'reused';
  throw new Refused(401, 'token_reused');
}

const isPrevious = (session: LiveSession, generation: number) => generation === session.generation - 1;

const isInGrace = (session: LiveSession) => Date.now() - session.rotatedAtMs < GRACE_MS;

function rotate(session: LiveSession): string {
  session.generation += 1;
  session.seen = false;
  session.rotatedAtMs = Date.now();
  session.expiresAtMs = Date.now() + TTL_SECONDS * 1000;
  return mint(session);
}

const mint = ({ id, generation, expiresAtMs }: LiveSession) =>
  `ta1_${Buffer.from(`${id} ${generation} ${expiresAtMs}`).toString('base64url')}`;

const tokenBody = (token: string) => ({ token, token_type: 'Bearer', expires_in: TTL_SECONDS });
