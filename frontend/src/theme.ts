/** The theme: the system's, unless the person chose one. public/theme.js does the same before the first paint. */

export type Choice = 'system' | 'light' | 'dark';

const KEY = 'ta.theme';
const system = matchMedia('(prefers-color-scheme: light)');
const listeners = new Set<() => void>();
let choice = stored();

/** What the person chose. */
export const themeChoice = (): Choice => choice;

/** Shows the chosen theme, and remembers the choice. */
export function chooseTheme(next: Choice) {
  choice = next;
  try {
    if (next === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Storage is forbidden here: the choice holds until the page is closed.
  }
  show();
}

/** Calls the listener after each change of the theme; returns how to stop that. */
export function subscribeTheme(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Keeps the page in step with the system and with the other tabs. */
export function followTheme() {
  system.addEventListener('change', show);
  addEventListener('storage', (event) => {
    if (event.key !== KEY && event.key !== null) return;
    choice = stored();
    show();
  });
  show();
}

function stored(): Choice {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

function show() {
  const root = document.documentElement;
  root.dataset['theme'] = choice === 'system' ? (system.matches ? 'light' : 'dark') : choice;
  const card = getComputedStyle(root).getPropertyValue('--card');
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', card);
  for (const listener of listeners) listener();
}
