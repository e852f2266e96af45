/** The one-time code of a mail's link. It comes in the fragment, which no server, log or Referer sees. */

let kept: string | null = null;

/** Takes the code out of the address bar, before anything else can read it there: history, a screenshot, a neighbour. */
export function takeCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code !== null) {
    kept = code;
    history.replaceState(history.state, '', location.pathname + location.search);
  }
  return kept;
}

/** A second link that is opened in the same tab changes the fragment only, which loads nothing by itself. */
export function watchForCodes(): void {
  addEventListener('hashchange', () => {
    if (location.hash.startsWith('#code=')) location.reload();
  });
}
