import type { ReactNode } from 'react';

const SHOWN = 8;

/** The first rows of a list; the others when they are asked for. */
export function LongList({ children }: { children: readonly ReactNode[] }) {
  const more = children.slice(SHOWN);
  return (
    <div className="flex flex-col gap-3">
      <ul className="flex flex-col gap-3">{children.slice(0, SHOWN)}</ul>
      {more.length > 0 && (
        <details>
          <summary className="cursor-pointer py-2.5 text-link underline">Show {more.length} more</summary>
          <ul className="mt-1 flex flex-col gap-3">{more}</ul>
        </details>
      )}
    </div>
  );
}
