/** Requests that carry a proof by the key that the session is bound to, as all must that hand out a token. */

import type { ServerConfig } from './config.js';
import type { Answer, Call, HttpClient } from './http.js';
import { ApiProblem } from './problems.js';
import { createProof } from './proofs.js';

/** Sends requests with a fresh proof each. */
export class ProvingClient {
  readonly #http: HttpClient;
  readonly #config: ServerConfig;

  constructor(http: HttpClient, config: ServerConfig) {
    this.#http = http;
    this.#config = config;
  }

  /** Sends a request with a proof by this key, and once more with another proof if that one is refused.
   *
   * Without a key it is sent without a proof: the server knows whether it needs one, and notes that it was missing. */
  async send(call: Call, token: string | undefined, pair: CryptoKeyPair | null): Promise<Answer> {
    if (pair === null) return this.#http.send(call, { token });
    try {
      return await this.#sendProven(call, token, pair);
    } catch (error) {
      if (!(error instanceof ApiProblem && error.code === 'invalid_dpop_proof')) throw error;
      // By now the refusal's Date has set our clock; the public address may be a new one; or the browser itself
      // repeated a request whose connection broke, and a proof counts only once.
      this.#config.forget();
      return this.#sendProven(call, token, pair);
    }
  }

  async #sendProven(call: Call, token: string | undefined, pair: CryptoKeyPair): Promise<Answer> {
    // First, because its answer also tells the server's time.
    const { public_url } = await this.#config.read();
    const url = `${public_url.replace(/\/$/, '')}/api${call.path}`;
    const nowMs = this.#http.serverNowMs();
    const proof = await createProof(pair, { method: call.method, url, token, nowMs });
    return this.#http.send(call, { token, proof });
  }
}
