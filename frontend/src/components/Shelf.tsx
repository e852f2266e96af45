/** The books that stand on a card's edge: [left, width, height, colour]. */
const BOOKS = [
  [8, 15, 50, 'fill-brand'],
  [24, 11, 41, 'fill-accent'],
  [36, 18, 56, 'fill-link'],
  [55, 9, 46, 'fill-warning'],
  [84, 14, 50, 'fill-success'],
  [216, 12, 44, 'fill-own'],
  [229, 17, 54, 'fill-accent'],
  [247, 10, 39, 'fill-brand'],
  [258, 14, 48, 'fill-link'],
] as const;

/** Decoration: books that stand on the edge of a card. */
export function Shelf() {
  return (
    <svg viewBox="0 0 280 60" className="mx-auto -mb-px block w-full max-w-72" aria-hidden="true">
      {BOOKS.map(([x, width, height, colour]) => (
        <g key={x} transform={x === 84 ? 'rotate(-14 84 60)' : undefined}>
          <rect x={x} y={60 - height} width={width} height={height} rx="1.5" className={colour} />
          <path d={`M${x} ${68 - height}h${width}m0 5h-${width}M${x} 51h${width}`} className="stroke-page" />
        </g>
      ))}
    </svg>
  );
}
