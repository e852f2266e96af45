/** Addresses to lead people to, before and after they log in. */

/** Where people go who did not say where they wanted to be. */
export const HOME = '/books';

const FOR_STRANGERS = ['/login', '/register', '/logout', '/forgot-password', '/reset-password'];

/** The path to go to after log-in: the one that the address's `?from=` names if it is a page of ours, else the books.
 *
 * An open redirect would send people from our log-in page to a copy of it. So the address is compared by origin
 * after parsing: `/<tab>/evil.example` and `/\evil.example` look like paths of ours and aren't. */
export function safeFrom(from: string | null, origin: string = location.origin): string {
  if (from === null || !URL.canParse(from, origin)) return HOME;
  const url = new URL(from, origin);
  // `/.//evil.example` is of our origin, but its path is `//evil.example`, an address of its own.
  const path = url.pathname.replace(/^\/{2,}/, '/');
  if (url.origin !== origin || path === '/' || FOR_STRANGERS.includes(path)) return HOME;
  return path + url.search + url.hash;
}

/** The address of the log-in page that leads back to `path` after log-in. */
export function loginPath(path: string): string {
  return safeFrom(path) === HOME ? '/login' : `/login?from=${encodeURIComponent(path)}`;
}
