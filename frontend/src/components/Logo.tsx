/** Three books on a board. */
export function Logo({ className = 'size-8' }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={`shrink-0 ${className}`} aria-hidden="true">
      <rect x="5" y="7" width="5.5" height="18" rx="1" className="fill-brand" />
      <rect x="11.5" y="10.5" width="4.5" height="14.5" rx="1" className="fill-accent" />
      <rect x="17" y="7" width="5" height="18" rx="1" className="fill-link" transform="rotate(-15 19.5 25)" />
      <rect x="3" y="26" width="26" height="2.5" rx="1.25" className="fill-fg" />
    </svg>
  );
}
