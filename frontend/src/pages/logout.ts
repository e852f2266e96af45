/** Logging out: an address without a page. */

import { redirect } from 'react-router-dom';
import { auth } from '../auth';

export async function logoutAction() {
  return redirect((await auth.logout()) ? '/login' : '/login?untold');
}
