/** DPoP proofs: the signature that shows that a request comes from the browser that holds the key (RFC 9449). */

import { base64url, randomName, utf8 } from './encoding.js';

export interface ProofClaims {
  method: string;
  /** PUBLIC_URL and path: the address that the server goes by, not the one in the address bar. */
  url: string;
  /** By the server's clock, in milliseconds since the epoch. */
  nowMs: number;
  /** The token that is presented along with the proof. */
  token?: string | undefined;
}

/** Signs a proof for one request: a compact JWT for the `DPoP` header (RFC 9449 §4.2). */
export async function createProof(
  { publicKey, privateKey }: CryptoKeyPair,
  claims: ProofClaims,
): Promise<string> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } };
  const payload = {
    jti: randomName(),
    htm: claims.method,
    htu: claims.url,
    iat: Math.floor(claims.nowMs / 1000),
    ...(claims.token && { ath: await sha256(claims.token) }),
  };
  const signed = `${encoded(header)}.${encoded(payload)}`;
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, utf8(signed));
  return `${signed}.${base64url(signature)}`;
}

const encoded = (part: object) => base64url(utf8(JSON.stringify(part)));

const sha256 = async (text: string) => base64url(await crypto.subtle.digest('SHA-256', utf8(text)));
