import type { ComponentProps } from 'react';
import { Spinner } from './Spinner';

interface ButtonProps extends Omit<ComponentProps<'button'>, 'disabled'> {
  busy?: boolean;
}

export const buttonLook =
  'inline-flex min-h-11 cursor-pointer items-center justify-center gap-2 rounded-lg bg-accent px-5 font-semibold text-on-accent transition-[filter] hover:brightness-110 active:brightness-95';

/** The one thing to do here. While busy it keeps the focus and its size, and pressing it again does nothing. */
export function Button({ busy = false, className = '', children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      className={`relative ${buttonLook} ${className}`}
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
