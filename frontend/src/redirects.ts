/** Where to go after log-in. */

export const HOME = '/books';

const FOR_STRANGERS = ['/login', '/register', '/logout', '/forgot-password', '/reset-password'];

/** The path that `from` names if it is ours, else the books.
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

/** The log-in page's address that leads back to `path` afterwards. */
export function loginPath(path: string): string {
  return safeFrom(path) === HOME ? '/login' : `/login?from=${encodeURIComponent(path)}`;
}
