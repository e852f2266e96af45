import { Link, Outlet, ScrollRestoration, useNavigation } from 'react-router-dom';
import { useSession } from 'tokenkeep/react';
import { auth } from '../auth';
import { HOME } from '../redirects';
import { Logo } from './Logo';
import { ThemeSwitch } from './ThemeSwitch';
import { UserMenu } from './UserMenu';
import { useFocusAfterNavigation } from './useFocusAfterNavigation';

/** What all screens have around them: the header, and the place where the screen itself goes. */
export function Layout() {
  const session = useSession(auth);
  const navigation = useNavigation();
  useFocusAfterNavigation();

  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        className="absolute top-2 left-2 z-20 -translate-y-20 rounded-lg bg-accent px-4 py-2.5 font-semibold text-on-accent focus:translate-y-0"
      >
        Skip to content
      </a>
      {navigation.state !== 'idle' && <Progress />}
      <header className="border-b border-line/40 bg-card">
        <div className="mx-auto flex min-h-16 max-w-(--wide) items-center gap-1.5 px-4 sm:gap-3">
          <Link
            to={HOME}
            className="mr-auto flex min-h-11 min-w-11 items-center gap-2 rounded-lg font-bold sm:gap-2.5 sm:text-lg text-brand"
          >
            <Logo />
            <span className="sr-only min-[22.5rem]:not-sr-only">Bookshelf</span>
          </Link>
          <ThemeSwitch />
          {session !== null && <UserMenu username={session.user.username} />}
        </div>
      </header>
      <main
        id="main"
        tabIndex={-1}
        className="mx-auto flex w-full max-w-(--wide) grow flex-col px-4 py-6 outline-none sm:py-10"
      >
        <Outlet />
      </main>
      <ScrollRestoration />
    </div>
  );
}

function Progress() {
  return (
    <div className="appear-late fixed inset-x-0 top-0 z-20 h-1 overflow-hidden" aria-hidden="true">
      <div className="h-full w-1/4 animate-[run-along_1.2s_ease-in-out_infinite] bg-accent" />
    </div>
  );
}
