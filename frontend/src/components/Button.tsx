import type { ComponentProps } from 'react';
import { Spinner } from './Spinner';

interface ButtonProps extends Omit<ComponentProps<'button'>, 'disabled'> {
  busy?: boolean;
  look?: Look;
}

export type Look = keyof typeof LOOKS;

const LOOKS = {
  /** The one thing to do here. */
  main: 'bg-accent text-on-accent transition-[filter] hover:brightness-110 active:brightness-95',
  /** One of several, or seldom wanted. */
  quiet: 'border border-line hover:border-accent',
  /** What can't be undone. */
  danger: 'border border-danger text-danger hover:bg-field',
} as const;

/** A button. While busy it keeps the focus, and pressing it again does nothing. */
export function Button({
  busy = false,
  look = 'main',
  className = '',
  children,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      className={`inline-flex min-h-11 cursor-pointer items-center justify-center gap-2 rounded-lg px-5 font-semibold ${LOOKS[look]} ${className}`}
      aria-busy={busy}
      aria-disabled={busy}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      {...rest}
    >
      {children}
      {busy && <Spinner />}
    </button>
  );
}
