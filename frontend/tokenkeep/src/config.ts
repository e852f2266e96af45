/** What the server tells every page, logged in or not. */

import type { HttpClient } from './http.js';
import { isRecord, NetworkError } from './problems.js';
import type { Config } from './types.js';

/** The server's configuration: asked for once, then remembered. */
export class ServerConfig {
  readonly #http: HttpClient;
  #config: Promise<Config> | null = null;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** The configuration; asked for again only if that failed, or after `forget`. */
  read(): Promise<Config> {
    this.#config ??= this.#fetch().catch((error: unknown) => {
      this.forget();
      throw error;
    });
    return this.#config;
  }

  /** The next `read` asks the server again. */
  forget(): void {
    this.#config = null;
  }

  async #fetch(): Promise<Config> {
    const { data } = await this.#http.send({ method: 'GET', path: '/config' });
    if (!isConfig(data)) throw new NetworkError('The answer is not from our server');
    return data;
  }
}

const isConfig = (data: unknown): data is Config & Record<string, unknown> =>
  isRecord(data) && typeof data['public_url'] === 'string' && Number.isInteger(data['password_min_length']);
