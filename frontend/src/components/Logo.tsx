/** Three books on a board. */
export function Logo({ className = 'size-8' }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={`shrink-0 ${className}`} aria-hidden="true">
      <rect x="4" y="6" width="6" height="18" rx="1" className="fill-brand" />
      <rect x="11" y="10" width="5" height="14" rx="1" className="fill-accent" />
      <rect
        x="21"
        y="6.5"
        width="5"
        height="17.5"
        rx="1"
        className="fill-link"
        transform="rotate(-13 26 24)"
      />
      <rect x="2" y="25" width="28" height="2.5" rx="1.25" className="fill-fg" />
    </svg>
  );
}
