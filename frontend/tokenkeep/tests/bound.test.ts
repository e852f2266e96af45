// @vitest-environment node

import { NetworkError } from 'tokenkeep';
import { describe, expect, test, vi } from 'vitest';
import { PASSWORD, send, user } from './support/answers';
import { Browser } from './support/fakeBrowser';
import { PUBLIC_URL } from './support/proofCheck';
import { browser, DAY, loggedIn, MINUTE, meanwhile, server, sleep, tab } from './support/world';

describe('a bound session', () => {
  test('begins with a proof for exactly this request', async () => {
    const session = await loggedIn();
    expect(session.bound).toBe(true);
    const { header, claims } = server.proofs.lastProof ?? expect.fail();
    expect(Object.keys(header).sort()).toEqual(['alg', 'jwk', 'typ']);
    expect(Object.keys(header.jwk ?? {})).toEqual(['kty', 'crv', 'x', 'y']);
    expect(claims).toEqual({
      htm: 'POST',
      htu: `${PUBLIC_URL}/api/login`,
      iat: Date.now() / 1000,
      jti: expect.stringMatching(/^[\w-]{22}$/),
    });
  });

  test('refreshes with a proof over the token that it presents', async () => {
    await loggedIn();
    const login = server.proofs.lastProof;
    sleep(DAY);
    await tab.fetchMe();
    expect(server.proofs.lastProof?.header.jwk).toEqual(login?.header.jwk);
    expect(server.proofs.lastProof?.claims).toMatchObject({
      htu: `${PUBLIC_URL}/api/refresh`,
      ath: expect.any(String),
    });
    expect(server.proofs.lastProof?.claims['jti']).not.toBe(login?.claims['jti']);
  });

  test.each([5 * MINUTE, -5 * MINUTE])('works with a clock that is wrong by %d ms', async (offset) => {
    server.proofs.clockOffsetMs = offset;
    await loggedIn();
    expect(server.count('/login')).toBe(1); // the offset was known before: no refused proof in anybody's log
    sleep(DAY);
    await browser.tab(server).fetchMe();
    expect(server.count('/refresh')).toBe(1);
  });

  test('notices that the server’s clock was put right meanwhile', async () => {
    await loggedIn();
    sleep(DAY);
    server.proofs.clockOffsetMs = 60 * MINUTE;
    await tab.fetchMe();
    expect(server.count('/refresh')).toBe(2);
    sleep(DAY);
    await tab.fetchMe();
    expect(server.count('/refresh')).toBe(3);
  });

  test.each(['https://books.new.example', 'https://books.new.example/'])(
    'follows the public address to %s',
    async (url) => {
      await loggedIn();
      sleep(DAY);
      server.proofs.publicUrl = url;
      await tab.fetchMe();
      expect(server.proofs.lastProof?.claims['htu']).toBe('https://books.new.example/api/refresh');
    },
  );

  test('makes another proof when the browser had already sent the first one', async () => {
    await loggedIn();
    sleep(DAY);
    server.trouble('/refresh', async (response, answer) => {
      await answer(); // lost, and repeated by the browser with the same header
      send(response, await answer());
    });
    await tab.fetchMe();
    expect(server.count('/refresh')).toBe(2);
    expect(server.sessions.get('s0')?.generation).toBe(2);
  });

  test('that was copied into another browser works until its token ends, and then misses its key', async () => {
    await loggedIn();
    const thief = new Browser(browser.items).tab(server);
    await thief.fetchMe();
    sleep(15 * MINUTE);
    await expect(thief.fetchMe()).rejects.toMatchObject({ code: 'invalid_dpop_proof' });
    expect(thief.auth.getSession()).toBeNull();
    expect(thief.auth.takeEndReason()).toBe('key_lost');
    await tab.fetchMe();
    expect(tab.auth.getSession()).not.toBeNull();
  });

  test('ends when its key is gone', async () => {
    await loggedIn();
    browser.indexedDB = new Browser().indexedDB;
    sleep(DAY);
    await expect(tab.fetchMe()).rejects.toMatchObject({ code: 'invalid_dpop_proof' });
    expect(tab.auth.takeEndReason()).toBe('key_lost');
  });

  test('survives an IndexedDB that fails once, or for a while', async () => {
    await loggedIn();
    const fail = () => {
      throw new DOMException('Connection to Indexed Database server lost.', 'UnknownError');
    };
    sleep(DAY);
    vi.spyOn(browser.indexedDB, 'open').mockImplementationOnce(fail);
    await tab.fetchMe();
    sleep(DAY);
    vi.spyOn(browser.indexedDB, 'open').mockImplementationOnce(fail).mockImplementationOnce(fail);
    await expect(tab.fetchMe()).rejects.toThrow(NetworkError);
    expect(server.count('/refresh')).toBe(1);
    await tab.fetchMe();
    expect(tab.auth.getSession()?.bound).toBe(true);
  });

  test('has the same key after the password was changed', async () => {
    const { id } = await loggedIn();
    const jwk = server.proofs.lastProof?.header.jwk;
    await tab.auth.changePassword(PASSWORD, 'another horse battery');
    expect(server.proofs.lastProof).toMatchObject({
      header: { jwk },
      claims: { htu: `${PUBLIC_URL}/api/password/change` },
    });
    expect(tab.auth.getSession()).toMatchObject({ bound: true, user: user('ann') });
    expect(tab.auth.getSession()?.id).not.toBe(id);
    sleep(DAY);
    await tab.fetchMe();
  });

  test('does not come back by a password change if somebody logged out meanwhile', async () => {
    await loggedIn();
    meanwhile('/password/change', () => browser.tab(server).auth.logout());
    await tab.auth.changePassword(PASSWORD, 'another horse battery');
    expect(tab.auth.getSession()).toBeNull();
  });
});
