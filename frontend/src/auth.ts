/** The session of this browser: the app's one instance. */

import { createAuth } from 'tokenkeep';

export const auth = createAuth(window);
