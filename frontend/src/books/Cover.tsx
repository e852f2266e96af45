const COLOURS = [
  'fill-brand',
  'fill-accent',
  'fill-link',
  'fill-success',
  'fill-warning',
  'fill-own',
] as const;

interface CoverProps {
  id: number;
  title: string;
  className: string;
}

/** A cover for books that come without one; always the same for the same book. */
export function Cover({ id, title, className }: CoverProps) {
  const initial = /[\p{L}\p{N}]/u.exec(title)?.[0] ?? '·';
  return (
    <svg viewBox="0 0 40 56" className={`shrink-0 ${className}`} aria-hidden="true">
      <path
        d="M3 0h34a3 3 0 0 1 3 3v50a3 3 0 0 1-3 3H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3Z"
        className={COLOURS[id % COLOURS.length]}
      />
      <path d="M6.5 0v56M12 46.5h22" className="stroke-card/70" />
      <text x="12" y="22" className="fill-card font-bold" fontSize="17">
        {initial.toUpperCase()}
      </text>
    </svg>
  );
}
