/** What the API says, by names of our own: made of its OpenAPI document (`make types`). */

import type { components } from './schema.js';

type Schemas = components['schemas'];

/** A person as the API shows them to themselves. */
export type User = Schemas['UserOut'];
/** What a page must know of the server before anybody is logged in. */
export type Config = Schemas['ConfigOut'];
/** What every answer that hands out a token has in common. */
export type TokenAnswer = Pick<Schemas['TokenOut'], 'token' | 'expires_in'>;
