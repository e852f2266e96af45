/** The public names of the package. Nothing happens when it is imported: `createAuth` begins. */

export { type Auth, type AuthOptions, createAuth } from './auth.js';
export type { EndReason } from './endReasons.js';
export type { Answer, Call } from './http.js';
export type { Page } from './page.js';
export { ApiProblem, type FieldError, NetworkError } from './problems.js';
export type { SendOptions } from './requests.js';
export type { StoredSession } from './session.js';
export type { Config, User } from './types.js';
