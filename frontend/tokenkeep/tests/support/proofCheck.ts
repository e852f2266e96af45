/** For tests: DPoP proofs as the server checks them (RFC 9449 §4.3), by jose and not by what made them. */

import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, jwtVerify } from 'jose';
import { Refused, type Request } from './answers';

export const PUBLIC_URL = 'https://books.example';

export class ProofCheck {
  clockOffsetMs = 0;
  publicUrl = PUBLIC_URL;
  /** The header of the last valid proof, and what it said. */
  lastProof: { header: { jwk?: JWK }; claims: Record<string, unknown> } | null = null;
  readonly #spent = new Set<unknown>();

  nowMs(): number {
    return Date.now() + this.clockOffsetMs;
  }

  /** The thumbprint of the proof's key; null without a proof. */
  async thumbprint(request: Request): Promise<string | null> {
    const proof = request.headers['dpop'];
    if (proof === undefined) return null;
    const { payload, protectedHeader } = await this.#verify(String(proof));
    if (!this.#isFor(request, payload) || this.#spent.has(payload['jti']))
      throw new Refused(401, 'invalid_dpop_proof');
    this.#spent.add(payload['jti']);
    this.lastProof = { header: protectedHeader, claims: payload };
    return calculateJwkThumbprint(protectedHeader.jwk as JWK);
  }

  #verify(proof: string) {
    const currentDate = new Date(this.nowMs());
    const times = { currentDate, clockTolerance: 10, maxTokenAge: 60 };
    return jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256'], ...times }).catch(() => {
      throw new Refused(401, 'invalid_dpop_proof');
    });
  }

  #isFor({ method, path, token }: Request, claims: Record<string, unknown>): boolean {
    const ath = token === '' ? undefined : createHash('sha256').update(token).digest('base64url');
    const htu = `${this.publicUrl.replace(/\/$/, '')}/api${path}`;
    return claims['htm'] === method && claims['htu'] === htu && claims['ath'] === ath;
  }
}
