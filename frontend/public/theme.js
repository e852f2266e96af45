// Runs before the first paint, so that nobody who chose a theme sees the other one flash by.
// src/theme.ts takes over once the page is there; the two agree on the key and the attribute.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem('ta.theme');
  } catch {
    // Storage is forbidden here: follow the system.
  }
  const system = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
  document.documentElement.dataset.theme = choice === 'light' || choice === 'dark' ? choice : system;
})();
