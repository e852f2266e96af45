import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { useSession } from 'tokenkeep/react';
import { expect, test, vi } from 'vitest';

const SESSION = { id: 's0', user: { username: 'ann' } };

/** Stands for the session of a browser, which begins and ends when a test says so. */
function switchable() {
  let session: typeof SESSION | null = null;
  let listener = () => {};
  const auth = {
    getSession: () => session,
    subscribe: vi.fn((heard: () => void) => {
      listener = heard;
      return () => {
        listener = () => {};
      };
    }),
    become(next: typeof session) {
      session = next;
      listener();
    },
  };
  return auth as typeof auth & Parameters<typeof useSession>[0];
}

const Name = ({ auth }: { auth: Parameters<typeof useSession>[0] }) =>
  useSession(auth)?.user.username ?? 'nobody';

test('a component sees the session begin and end, and listens once', async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  const auth = switchable();
  const host = document.createElement('div');
  const root = createRoot(host);
  await act(async () => root.render(<Name auth={auth} />));
  expect(host.textContent).toBe('nobody');
  await act(async () => auth.become(SESSION));
  expect(host.textContent).toBe('ann');
  await act(async () => auth.become(null));
  expect(host.textContent).toBe('nobody');
  expect(auth.subscribe).toHaveBeenCalledOnce();
  await act(async () => root.unmount());
});

test('on a server nobody is logged in', () => {
  const auth = switchable();
  auth.become(SESSION);
  expect(renderToString(<Name auth={auth} />)).toBe('nobody');
});
