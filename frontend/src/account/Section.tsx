import type { ReactNode } from 'react';

interface SectionProps {
  /** Also its place on the page: `/account#email`. */
  id: string;
  title: string;
  children: ReactNode;
}

/** One subject of the account page. */
export function Section({ id, title, children }: SectionProps) {
  return (
    <section
      id={id}
      aria-labelledby={`${id}-title`}
      className="flex scroll-mt-4 flex-col gap-4 rounded-xl border border-line/40 bg-card p-5 sm:p-7"
    >
      <h2 id={`${id}-title`} className="text-xl font-bold text-brand">
        {title}
      </h2>
      {children}
    </section>
  );
}
