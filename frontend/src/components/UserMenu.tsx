import { Form, Link } from 'react-router-dom';
import { Icon } from './Icon';

/** Who is logged in, and the way out. A native popover: Escape and a click elsewhere close it. */
export function UserMenu({ username }: { username: string }) {
  return (
    <>
      <button
        type="button"
        popoverTarget="user-menu"
        aria-label={`Your menu, ${username}`}
        className="flex min-h-11 min-w-11 cursor-pointer items-center justify-center gap-1.5 rounded-full border border-transparent text-own hover:border-own sm:px-3"
      >
        <Icon name="user" />
        <span className="hidden max-w-40 truncate sm:block">{username}</span>
      </button>
      <div
        id="user-menu"
        popover="auto"
        className="fixed top-16 right-[max(1rem,calc((100vw-var(--wide))/2+1rem))] left-auto m-0 w-64 rounded-xl border border-line bg-card p-2 text-fg shadow-xl"
      >
        <p className="px-3 py-2 text-sm text-muted">
          Logged in as <strong className="block truncate text-base text-own">{username}</strong>
        </p>
        <Link
          to="/account"
          onClick={() => document.getElementById('user-menu')?.hidePopover()}
          className="flex min-h-11 w-full items-center gap-3 rounded-lg px-3 hover:bg-page"
        >
          <Icon name="user" /> Your account
        </Link>
        <Form method="post" action="/logout" replace>
          <button
            type="submit"
            className="flex min-h-11 w-full cursor-pointer items-center gap-3 rounded-lg px-3 hover:bg-page"
          >
            <Icon name="leave" /> Log out
          </button>
        </Form>
      </div>
    </>
  );
}
