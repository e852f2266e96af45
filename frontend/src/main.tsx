import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createBrowserRouter, RouterProvider } from 'react-router-dom';
import { takeCode, watchForCodes } from './account/oneTimeCode';
import { auth } from './auth';
import './index.css';
import { routes } from './routes';
import { followTheme } from './theme';

followTheme();
takeCode(); // before the router notes the address
watchForCodes();

const router = createBrowserRouter(routes);
// Logged in or out, here or in another tab: the loaders decide again which screen that means.
auth.subscribe(() => void router.revalidate());

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <RouterProvider router={router} />
  </StrictMode>,
);
