/** The actions of the account page's tasks. */

import { redirect } from 'react-router-dom';
import { auth } from '../auth';
import { type Failure, failure } from '../forms/failure';
import type { Done } from '../forms/Task';
import { loginPath } from '../redirects';

/** Runs a task, and answers with what its form shows: `done` in words, or what went wrong.
 *
 * Leads to the log-in page instead if the session ended meanwhile. */
export async function answerTask(run: () => Promise<unknown>, done: string): Promise<Failure | Done> {
  try {
    await run();
  } catch (error) {
    if (auth.getSession() === null) throw redirect(loginPath('/account'));
    return failure(error, ['email', 'current_password', 'new_password']);
  }
  return { done };
}
