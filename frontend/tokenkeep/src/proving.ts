/** Requests that hand out a token, and so carry a proof of the key that the session is bound to. */

import type { Answer, Api, Call } from './http.js';
import { prove } from './keys.js';
import { ApiProblem, isRecord, NetworkError } from './problems.js';
import type { Config } from './types.js';

export class ProvenApi {
  readonly #api: Api;
  #config: Promise<Config> | null = null;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Asked once; its answer also tells the server's time before the first proof is made. */
  config(): Promise<Config> {
    this.#config ??= this.#fetchConfig().catch((error: unknown) => {
      this.#config = null;
      throw error;
    });
    return this.#config;
  }

  /** Without a key it is sent without a proof: the server knows whether it needs one, and notes that it was missing. */
  async send(call: Call, token: string | undefined, pair: CryptoKeyPair | null): Promise<Answer> {
    if (pair === null) return this.#api.send(call, { token });
    const sendOnce = async () => this.#api.send(call, { token, proof: await this.#prove(call, token, pair) });
    return sendOnce().catch((error: unknown) => {
      if (!(error instanceof ApiProblem && error.code === 'invalid_dpop_proof')) throw error;
      // Once more: by now the refusal's Date has set our clock; the public address may be a new one; or the
      // browser itself repeated a request whose connection broke, and a proof counts only once.
      this.#config = null;
      return sendOnce();
    });
  }

  async #prove({ method, path }: Call, token: string | undefined, pair: CryptoKeyPair): Promise<string> {
    const { public_url } = await this.config();
    const url = `${public_url.replace(/\/$/, '')}/api${path}`;
    return prove(pair, { method, url, token, now: this.#api.serverNow() });
  }

  async #fetchConfig(): Promise<Config> {
    const { data } = await this.#api.send({ method: 'GET', path: '/config' });
    if (!isConfig(data)) throw new NetworkError('The answer is not from our server');
    return data;
  }
}

const isConfig = (data: unknown): data is Config & Record<string, unknown> =>
  isRecord(data) && typeof data['public_url'] === 'string' && Number.isInteger(data['password_min_length']);
