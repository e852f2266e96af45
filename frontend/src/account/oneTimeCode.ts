/** The one-time code of the link in a mail. It comes in the address's fragment, which no server, log or Referer sees. */

let kept: string | null = null;

/** The code by whose link this page was opened, or null.
 *
 * Takes it out of the address bar, where history, a screenshot or a neighbour could read it, and remembers it. */
export function takeCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code !== null) {
    kept = code;
    history.replaceState(history.state, '', location.pathname + location.search);
  }
  return kept;
}

/** Loads the page anew when another link with a code is opened in this tab: that changes the fragment only, which loads
 * nothing by itself. */
export function watchForCodes(): void {
  addEventListener('hashchange', () => {
    if (location.hash.startsWith('#code=')) location.reload();
  });
}
