/** Who gets to see a page: people who are logged in, or strangers only. For loaders. */

import { redirect } from 'react-router-dom';
import { auth } from './auth';
import { loginPath, safeFrom } from './redirects';

/** Loads for the person who is logged in; leads to the log-in page, and back from there, if nobody is, or if the
 * session ended meanwhile. */
export async function loggedIn<T>(request: Request, load: () => Promise<T>): Promise<T> {
  if (auth.getSession() === null) throw redirect(loginPath(whereabouts(request)));
  try {
    return await load();
  } catch (error) {
    if (auth.getSession() === null) throw redirect(loginPath(whereabouts(request)));
    throw error;
  }
}

/** Lets strangers pass. Who is logged in already, be it in another tab, goes on to where they wanted to be. */
export function strangersOnly(request: Request): void {
  if (auth.getSession() !== null) throw redirect(wantedPath(request));
}

/** The path that a person wanted when the log-in page came between. */
export const wantedPath = (request: Request) => safeFrom(new URL(request.url).searchParams.get('from'));

/** The address that is asked for. The address bar knows the search that was typed since the last navigation. */
function whereabouts(request: Request): string {
  const { pathname, search } = new URL(request.url);
  return pathname === location.pathname ? pathname + location.search + location.hash : pathname + search;
}
