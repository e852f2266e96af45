import { type ReactNode, useEffect } from 'react';

interface PageProps {
  title: string;
  /** The heading, if it says more than the title or looks different. */
  heading?: ReactNode;
  className?: string;
  children: ReactNode;
}

/** A screen: its title, its one h1 (which takes the focus after a navigation, see Layout), its content. */
export function Page({ title, heading = title, className = '', children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Bookshelf`;
  }, [title]);

  return (
    <div className={className}>
      <h1 tabIndex={-1} className="text-2xl font-bold text-balance text-brand sm:text-3xl">
        {heading}
      </h1>
      {children}
    </div>
  );
}
