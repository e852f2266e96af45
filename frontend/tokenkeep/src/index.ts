/** The public names of the package. Nothing happens when it is imported: `createAuth` begins. */

export { createAuth, type Page } from './auth.js';
export { ApiProblem, type FieldError, NetworkError } from './problems.js';
export type { StoredSession } from './sessionStore.js';
export type {
  Book,
  Catalogue,
  Config,
  EndReason,
  Registration,
  SecurityEvent,
  SessionRow,
  User,
} from './types.js';
