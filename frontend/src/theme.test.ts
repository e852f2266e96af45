import { beforeEach, expect, test, vi } from 'vitest';
import beforeFirstPaint from '../public/theme.js?raw';

const system = { matches: false, addEventListener: vi.fn() };

beforeEach(() => {
  localStorage.clear();
  delete document.documentElement.dataset['theme'];
  vi.resetModules();
  vi.stubGlobal('matchMedia', () => system);
});

const shown = () => document.documentElement.dataset['theme'];

test.each([
  [null, false, 'dark'],
  [null, true, 'light'],
  ['light', false, 'light'],
  ['dark', true, 'dark'],
  ['pink', true, 'light'],
])('with %s stored and a light system %s both scripts show %s', async (stored, lightSystem, expected) => {
  if (stored !== null) localStorage.setItem('ta.theme', stored);
  system.matches = lightSystem;

  new Function(beforeFirstPaint)();
  expect(shown()).toBe(expected);

  delete document.documentElement.dataset['theme'];
  const { followTheme } = await import('./theme');
  followTheme();
  expect(shown()).toBe(expected);
});

test('a choice is shown, told, and remembered; back to the system’s nothing is kept', async () => {
  system.matches = false;
  const { chooseTheme, subscribeTheme, themeChoice } = await import('./theme');
  const listener = vi.fn();
  const stop = subscribeTheme(listener);

  chooseTheme('light');
  expect([shown(), themeChoice(), localStorage.getItem('ta.theme')]).toEqual(['light', 'light', 'light']);
  chooseTheme('system');
  expect([shown(), themeChoice(), localStorage.getItem('ta.theme')]).toEqual(['dark', 'system', null]);
  expect(listener).toHaveBeenCalledTimes(2);

  stop();
  chooseTheme('dark');
  expect(listener).toHaveBeenCalledTimes(2);
});

test('a choice in another tab is followed', async () => {
  const { followTheme } = await import('./theme');
  followTheme();
  localStorage.setItem('ta.theme', 'light');
  dispatchEvent(new StorageEvent('storage', { key: 'ta.theme', newValue: 'light' }));
  expect(shown()).toBe('light');
});
