/** For tests: importing this gives each test a server, a browser with one tab, and a clock that stands still. */

import { afterEach, beforeEach, expect, vi } from 'vitest';
import { PASSWORD, send } from './answers';
import { ApiServer } from './apiServer';
import { Browser, type Tab } from './fakeBrowser';

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;
const PATIENCE_MS = 20_000; // of `until`: a busy machine lets sockets wait

export let server: ApiServer;
export let browser: Browser;
export let tab: Tab;

beforeEach(async () => {
  vi.setSystemTime(Date.UTC(2026, 0, 1));
  server = await new ApiServer().start();
  browser = new Browser();
  tab = browser.tab(server);
});

afterEach(async () => {
  vi.useRealTimers();
  await server.stop();
});

/** Time goes by and no timer notices: the machine slept. */
export const sleep = (ms: number) => vi.setSystemTime(Date.now() + ms);

/** The session of ann, who logs in now. */
export async function loggedIn({ bound = true } = {}) {
  server.binds = bound;
  await tab.auth.login('ann', PASSWORD);
  return tab.auth.getSession() ?? expect.fail('not logged in');
}

/** Somebody else's step between a request and its answer. */
export const meanwhile = (path: string, step: () => unknown) =>
  server.trouble(path, async (response, answer) => {
    const answered = await answer();
    await step();
    send(response, answered);
  });

/** The next request for this path is done, but its answer never comes. */
export const loseAnswer = (path: string) =>
  server.trouble(path, async (response, answer) => {
    await answer();
    response.destroy();
  });

/** Waits until it is true: in real time for real sockets, while the fake clock stands still. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never came true: ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
