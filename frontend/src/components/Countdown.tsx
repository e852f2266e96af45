import { useEffect, useState } from 'react';
import { duration } from '../forms/failure';

const secondsLeft = (until: number) => Math.max(0, Math.ceil((until - Date.now()) / 1000));

/** How long to wait. Screen readers hear it once, not every second, and then that the wait is over. */
export function Countdown({ until }: { until: number }) {
  const [left, setLeft] = useState(() => secondsLeft(until));
  const [atFirst] = useState(left);

  useEffect(() => {
    const timer = setInterval(() => setLeft(secondsLeft(until)), 1000);
    return () => clearInterval(timer);
  }, [until]);

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
