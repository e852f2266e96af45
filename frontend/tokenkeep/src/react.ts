/** The package for React. */

import { useSyncExternalStore } from 'react';
import type { Auth } from './auth.js';
import type { StoredSession } from './session.js';

/** The session of this browser, or null if nobody is logged in. The component is drawn anew when a session begins or
 * ends, in whichever tab; on a server nobody is logged in. */
export function useSession(auth: Pick<Auth, 'subscribe' | 'getSession'>): StoredSession | null {
  return useSyncExternalStore(auth.subscribe, auth.getSession, nobody);
}

const nobody = () => null;
