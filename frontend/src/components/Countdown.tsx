import { useEffect, useState } from 'react';
import { duration } from './duration';

const secondsLeft = (untilMs: number) => Math.max(0, Math.ceil((untilMs - Date.now()) / 1000));

/** How long to wait, until a moment in milliseconds since the epoch. Screen readers hear it once, not every second, and then that the wait is over. */
export function Countdown({ untilMs }: { untilMs: number }) {
  const [left, setLeft] = useState(() => secondsLeft(untilMs));
  const [atFirst] = useState(left);

  useEffect(() => {
    const timer = setInterval(() => setLeft(secondsLeft(untilMs)), 1000);
    return () => clearInterval(timer);
  }, [untilMs]);

  if (left === 0) return <span>You can try again now.</span>;
  return (
    <>
      <span className="sr-only">Try again in {duration(atFirst)}.</span>
      <span aria-hidden="true" className="tabular-nums">
        Try again in {duration(left)}.
      </span>
    </>
  );
}
