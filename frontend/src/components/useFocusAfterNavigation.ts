import { useEffect, useRef } from 'react';
import { useLocation, useNavigationType } from 'react-router-dom';

/** After a navigation the focus goes where reading goes on, which also says the new screen's name to screen readers:
 * going forward to the heading, going back to the link that was followed. A fragment is the page's own to follow. */
export function useFocusAfterNavigation() {
  const { pathname, hash } = useLocation();
  const type = useNavigationType();
  const previous = useRef(pathname);

  useEffect(() => {
    if (previous.current === pathname) return;
    const followed =
      type === 'POP' ? document.querySelector<HTMLElement>(`main a[href="${previous.current}"]`) : null;
    previous.current = pathname;
    if (hash !== '') return;
    const target = followed ?? document.querySelector<HTMLElement>('h1');
    target?.focus({ preventScroll: true });
  }, [pathname, hash, type]);
}
